using System.Net;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;
using CodexOrleans.Storage.Tests.Sqlite;

namespace CodexOrleans.EndToEnd;

/// <summary>A disk that fills up under a running server, and a database that is none.</summary>
public sealed class StorageFaultSpecs
{
    [Fact(Timeout = 180_000)]
    public async Task A_full_disk_loses_nothing_refuses_new_turns_and_is_over_once_space_is_free()
    {
        await using var stage = await Stage.Open();
        using var disk = new RamDisk(64 * 1024);
        stage.Settings["Codex:ExecutablePath"] = FakeCli.Path;
        stage.Settings["Storage:RetryFor"] = "00:00:01";
        await using var server = await ServerProcess.Start(disk.Path, stage.Settings);
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        var go = Path.Combine(stage.NewFolder(), "go");

        // What comes after the disk is full is large: it cannot fit into space that the log has already.
        await using var stream = await api.Stream(new
        {
            prompt = $$"""started; message before; until [ -e '{{go}}' ]; do sleep 0.02; done; message "$(bytes 8000000)" 1; completed""",
            working_directory = stage.Workspace,
            skip_git_repo_check = true,
        });
        await stream.Until("item.completed/agent_message");
        disk.Fill();
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        await server.Said("the log cannot be written");

        var large = new { prompt = $"# {new string('x', 1_000_000)}\nstarted; completed", working_directory = stage.Workspace, skip_git_repo_check = true };
        var refused = await api.TryStream(large);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await CodexApi.Refused(refused, HttpStatusCode.ServiceUnavailable, "storage_unavailable");
        using var health = await api.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);

        disk.Free();
        await stream.ReadToEnd();
        Assert.Equal("turn.completed", stream.Tape.Events[^1].Type);
        var log = await api.ReadAll(stream.ThreadId);
        Assert.Equal(stream.Tape.Events.Select(frame => frame.Text), log.Events.Select(frame => frame.Text));
        Assert.Equal("turn.completed", (await api.Turn(large)).End.Type);
    }

    /// <summary>As full as can be, and with just enough space for the files that come before the database.</summary>
    [Theory(Timeout = 120_000)]
    [InlineData(0)]
    [InlineData(16 * 1024)]
    public async Task On_a_full_disk_a_start_ends_and_says_so(int left)
    {
        await using var stage = await Stage.Open();
        using var disk = new RamDisk(64);
        disk.Fill(left);

        await using var refused = await ServerProcess.RunToExit(disk.Path, stage.Settings);

        Assert.True(refused.ExitCode == 1, refused.Output);
        Assert.Contains("start the server again", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("by itself", refused.Output, StringComparison.Ordinal);
        Assert.Single(refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain(Directory.GetFiles(disk.Path), file => Path.GetFileName(file).StartsWith("token.", StringComparison.Ordinal));

        disk.Free();
        disk.Resize(64 * 1024);
        await using var server = await ServerProcess.Start(disk.Path, stage.Settings);
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        using var ready = await api.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_corrupt_database_ends_the_start_with_one_message(bool everything)
    {
        await using var stage = await Stage.Open();
        stage.Settings["Codex:ExecutablePath"] = FakeCli.Path;
        await using (var server = await stage.StartServer())
        {
            using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
            await api.Turn(new { prompt = """started; message "$(bytes 100000)"; completed""", working_directory = stage.Workspace, skip_git_repo_check = true });
        }

        var database = Path.Combine(stage.DataDirectory, "codex-orleans.db");
        await using (var file = File.OpenWrite(database))
        {
            // The whole file, or all but its head.
            var from = everything ? 0 : 4096;
            file.Position = from;
            await file.WriteAsync(Enumerable.Repeat((byte)'x', (int)file.Length - from).ToArray(), TestContext.Current.CancellationToken);
        }

        await using var refused = await ServerProcess.RunToExit(stage.DataDirectory, stage.Settings);

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(database, refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        Assert.Single(refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
