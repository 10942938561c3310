using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The folders of a turn, at the thread that runs it.</summary>
public sealed class FolderSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task A_folder_of_an_earlier_turn_that_has_become_a_link_to_the_server_s_data_is_refused()
    {
        await using var host = await ThreadHost.Start();
        var folder = NewFolder(host, "project");
        await RunTurn(host, new ThreadOptions { WorkingDirectory = folder, SkipGitRepoCheck = true });
        ReplaceByLink(folder, host.Data.Path);

        await Refused(host, RefusalCodes.PathNotAllowed, "working_directory");
    }

    [Fact]
    public async Task An_additional_folder_of_an_earlier_turn_that_has_become_a_link_to_the_server_s_data_is_refused()
    {
        await using var host = await ThreadHost.Start();
        var more = NewFolder(host, "more");
        await RunTurn(host, InWorkspace(host) with { AdditionalDirectories = [more] });
        ReplaceByLink(more, host.Data.Path);

        await Refused(host, RefusalCodes.PathNotAllowed, "additional_directories");
    }

    [Fact]
    public async Task A_thread_s_own_folder_that_has_become_a_link_is_refused()
    {
        await using var host = await ThreadHost.Start();
        var own = (await RunTurn(host, new ThreadOptions())).Options.WorkingDirectory!;
        ReplaceByLink(own, host.Data.Path);

        await Refused(host, RefusalCodes.PathNotAllowed, null);
        Assert.False(Directory.Exists(Path.Combine(host.Data.Path, ".git")));
    }

    [Fact]
    public async Task A_folder_that_is_replaced_while_the_turn_waits_for_the_one_before_ends_it_before_it_starts()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        var folder = NewFolder(host, "project");
        var options = new ThreadOptions { WorkingDirectory = folder, SkipGitRepoCheck = true };
        await Start(host, options, front, newThread: true);
        var first = await host.Engine.NextTurn();
        first.Complete(leave: false);
        await front.UntilTurnEnds();
        var accepted = await Start(host, new ThreadOptions(), front);

        ReplaceByLink(folder, host.Data.Path);
        first.Leave();
        await front.UntilTurnEnds();

        var turn = (await host.ReadTurn(accepted.Started!.TurnId))!;
        Assert.Equal((TurnStatus.Failed, FailureCodes.WorkspaceChanged), (turn.Status, turn.ErrorCode));
        Assert.Equal(1, host.Engine.Starts);
    }

    [Fact]
    public async Task The_CLI_gets_the_folder_behind_a_link_and_the_thread_keeps_the_link()
    {
        await using var host = await ThreadHost.Start();
        var (folder, link) = (NewFolder(host, "project"), Path.Combine(host.WorkingDirectory, "link"));
        Directory.CreateSymbolicLink(link, "project");

        var started = await RunTurn(host, new ThreadOptions { WorkingDirectory = link, SkipGitRepoCheck = true });

        Assert.EndsWith("/workspace/project", started.Options.WorkingDirectory);
        Assert.Equal(started.Options.WorkingDirectory, started.RealWorkingDirectory);
        Assert.Contains($"\"working_directory\":\"{link}\"", (await host.ReadThread(_thread))!.Options);
        Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_a_wrong_path_for_who_names_it_and_a_missing_one_for_who_inherits_it()
    {
        await using var host = await ThreadHost.Start();
        var folder = NewFolder(host, "project");
        var options = new ThreadOptions { WorkingDirectory = folder, SkipGitRepoCheck = true };
        await RunTurn(host, options);
        Directory.Delete(folder);

        await Refused(host, RefusalCodes.WorkingDirectoryMissing, null);
        await Refused(host, RefusalCodes.PathNotFound, "working_directory", options);
    }

    [Fact]
    public async Task An_additional_folder_of_an_earlier_turn_that_is_gone_is_left_out()
    {
        await using var host = await ThreadHost.Start();
        var (more, gone) = (NewFolder(host, "more"), NewFolder(host, "gone"));
        await RunTurn(host, InWorkspace(host) with { AdditionalDirectories = [gone, more] });
        Directory.Delete(gone);

        var second = await RunTurn(host, new ThreadOptions());

        Assert.EndsWith("/more", Assert.Single(second.Options.AdditionalDirectories!));
    }

    [Fact]
    public async Task A_folder_outside_a_git_repository_is_refused_also_for_who_inherits_it()
    {
        await using var host = await ThreadHost.Start();
        var folder = NewFolder(host, "project");
        var options = new ThreadOptions { WorkingDirectory = folder };
        var head = Path.Combine(Directory.CreateDirectory(Path.Combine(host.WorkingDirectory, ".git")).FullName, "HEAD");
        await File.WriteAllTextAsync(head, "ref: refs/heads/main", TestContext.Current.CancellationToken);
        await RunTurn(host, options);
        File.Delete(head);

        await Refused(host, RefusalCodes.NotAGitRepository, "skip_git_repo_check");
        await Refused(host, RefusalCodes.NotAGitRepository, "skip_git_repo_check", options);

        // As in a worktree.
        await File.WriteAllTextAsync(Path.Combine(folder, ".git"), "gitdir: elsewhere", TestContext.Current.CancellationToken);
        await RunTurn(host, new ThreadOptions());
    }

    [Fact]
    public async Task A_thread_whose_own_folder_cannot_be_made_is_refused_and_leaves_nothing()
    {
        await using var host = await ThreadHost.Start();
        var own = Path.Combine(host.Data.Workspaces, _thread.ToString());
        await File.WriteAllTextAsync(own, "in its place", TestContext.Current.CancellationToken);

        var result = await Start(host, new ThreadOptions(), newThread: true);

        Assert.Equal((RefusalCodes.WorkspaceUnavailable, 10), (result.Refusal!.Code, result.Refusal.RetryAfterSeconds));
        Assert.Null(await host.ReadThread(_thread));
        Assert.Equal(0, host.Engine.Starts);
        Assert.Equal(0, host.Slots.Taken);
    }

    [Theory]
    [InlineData(typeof(IOException), FailureCodes.WorkspaceUnavailable)]
    [InlineData(typeof(UnauthorizedAccessException), FailureCodes.WorkspaceUnavailable)]
    [InlineData(typeof(InvalidOperationException), FailureCodes.CodexNotStarted)]
    public async Task What_fails_between_the_acceptance_and_the_start_ends_the_turn_at_once_with_its_cause(Type fault, string code)
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var first = await host.Engine.NextTurn();
        first.SayThreadStarted("codex-session");
        first.Complete();
        await front.UntilTurnEnds();
        host.Engine.ResumeFault = (Exception)Activator.CreateInstance(fault, "secret")!;

        var accepted = await host.Submit(_thread, newThread: false, front: front);
        await front.UntilTurnEnds();

        var turn = (await host.ReadTurn(accepted.Started!.TurnId))!;
        Assert.Equal((TurnStatus.Failed, code), (turn.Status, turn.ErrorCode));
        Assert.DoesNotContain("secret", turn.ErrorMessage);
        host.Engine.ResumeFault = null;
        await RunTurn(host, new ThreadOptions());
    }

    private static ThreadOptions InWorkspace(ThreadHost host) =>
        new() { WorkingDirectory = host.WorkingDirectory, SkipGitRepoCheck = true };

    private static string NewFolder(ThreadHost host, string name) =>
        Directory.CreateDirectory(Path.Combine(host.WorkingDirectory, name)).FullName;

    private static void ReplaceByLink(string folder, string target)
    {
        Directory.Move(folder, folder + ".away");
        Directory.CreateSymbolicLink(folder, target);
    }

    private Task<StartTurnResult> Start(ThreadHost host, ThreadOptions options, FrontProbe? front = null, bool newThread = false) =>
        host.Thread(_thread).StartTurn(
            new TurnRequest { Prompt = "p", NewThread = newThread, Options = options },
            front?.Id,
            TestContext.Current.CancellationToken).AsTask();

    private async Task<CodexTurnStart> RunTurn(ThreadHost host, ThreadOptions options)
    {
        var front = await host.OpenFront();
        var result = await Start(host, options, front, newThread: true);
        Assert.Null(result.Refusal);
        var turn = await host.Engine.NextTurn();
        turn.Complete();
        await front.UntilTurnEnds();
        return turn.Started;
    }

    private async Task Refused(ThreadHost host, string code, string? field, ThreadOptions? options = null)
    {
        var (events, starts) = ((await host.Log(_thread)).Count, host.Engine.Starts);

        var result = await Start(host, options ?? new ThreadOptions());

        Assert.Equal((code, field), (result.Refusal?.Code, result.Refusal?.Field));
        Assert.Equal((events, starts), ((await host.Log(_thread)).Count, host.Engine.Starts));
    }
}
