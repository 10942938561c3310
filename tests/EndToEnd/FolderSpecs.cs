using System.Net;
using System.Text.Json;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>Which folders and images a turn may use, and what the CLI makes of them.</summary>
public sealed class FolderSpecs(RunningServer running) : IClassFixture<RunningServer>
{
    // One red dot.
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Fact(Timeout = 120_000)]
    public async Task A_folder_that_a_turn_swaps_for_a_link_to_the_server_s_data_is_refused_to_the_thread_that_works_there()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var parent = running.Stage.NewFolder();
        var victim = Directory.CreateDirectory(Path.Combine(parent, "project")).FullName;
        var first = await api.Turn(new { prompt = "SCENARIO:plain", working_directory = victim, skip_git_repo_check = true });
        await api.Turn(new
        {
            prompt = $"SCENARIO:shell CMD:mv project away && ln -s {running.Stage.DataDirectory} project",
            working_directory = parent,
            skip_git_repo_check = true,
        });
        Assert.NotNull(new DirectoryInfo(victim).LinkTarget);

        var asked = running.Stage.Model.Requests.Count;
        var problem = await CodexApi.Refused(
            await api.TryStream(new { prompt = "SCENARIO:shell CMD:touch harm", thread_id = first.ThreadId }),
            HttpStatusCode.Forbidden,
            "path_not_allowed");

        Assert.True(problem.GetProperty("errors").TryGetProperty("working_directory", out _), problem.GetRawText());
        Assert.DoesNotContain(running.Stage.DataDirectory, problem.GetRawText(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(running.Stage.DataDirectory, "harm")));
        Assert.Equal(first.Tape.Events.Count, (await api.ReadPages(first.ThreadId)).Count);
        Assert.Equal(asked, running.Stage.Model.Requests.Count);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_folder_that_is_no_git_repository_is_refused_with_what_to_send_instead()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var folder = running.Stage.NewFolder();

        var problem = await CodexApi.Refused(
            await api.Run(new { prompt = "SCENARIO:plain", working_directory = folder }),
            HttpStatusCode.BadRequest,
            "not_a_git_repository");

        Assert.Contains("\"skip_git_repo_check\": true", problem.GetProperty("detail").GetString());
        await api.Turn(new { prompt = "SCENARIO:plain", working_directory = folder, skip_git_repo_check = true });
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_wrong_with_a_path_is_said_as_it_is()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var file = Path.Combine(running.Stage.NewFolder(), "text.png");
        await File.WriteAllTextAsync(file, "a text", TestContext.Current.CancellationToken);

        await IsRefused(new { prompt = "p", working_directory = file }, "not_a_directory");
        await IsRefused(new { prompt = "p", working_directory = file + "x" }, "path_not_found");
        var problem = await IsRefused(new { prompt = "p", images = new[] { file } }, "not_an_image");
        Assert.Contains("not an image", problem.GetProperty("errors").GetProperty("images")[0].GetString());
        await File.WriteAllBytesAsync(file, Convert.FromBase64String(Png), TestContext.Current.CancellationToken);
        var echo = await api.Turn(new { prompt = "SCENARIO:echo", images = new[] { file } });
        Assert.Equal(1, JsonElement.Parse(echo.Answer).GetProperty("images").GetInt32());

        async Task<JsonElement> IsRefused(object body, string code) =>
            await CodexApi.Refused(await api.TryStream(body), HttpStatusCode.BadRequest, code);
    }

    [Fact(Timeout = 120_000)]
    public async Task Behind_a_link_the_agent_reads_the_instructions_of_the_folder_that_it_leads_to()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var folder = running.Stage.NewFolder();
        foreach (var repository in (string[])["walked", "target"])
        {
            var git = Directory.CreateDirectory(Path.Combine(folder, repository, ".git")).FullName;
            await File.WriteAllTextAsync(Path.Combine(git, "HEAD"), "ref: refs/heads/main", TestContext.Current.CancellationToken);
            var instructions = Path.Combine(folder, repository, "AGENTS.md");
            await File.WriteAllTextAsync(instructions, $"Instructions of {repository}.", TestContext.Current.CancellationToken);
        }

        Directory.CreateDirectory(Path.Combine(folder, "target", "inner"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "walked", "link"), Path.Combine(folder, "target", "inner"));

        var turn = await api.Turn(new { prompt = "SCENARIO:shell CMD:pwd", working_directory = Path.Combine(folder, "walked", "link") });

        Assert.Contains(Path.Combine(folder, "target", "inner"), turn.Answer, StringComparison.Ordinal);
        var request = running.Stage.Model.Requests.Last().Body.GetRawText();
        Assert.Contains("Instructions of target.", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Instructions of walked.", request, StringComparison.Ordinal);
    }
}
