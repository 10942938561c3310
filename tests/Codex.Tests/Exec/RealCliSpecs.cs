using System.Text.Json;
using CodexOrleans.Codex.Installation;
using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.DemoModel;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Tests.Exec;

/// <summary>The pinned CLI against the scripted model: what it really does with what the engine gives it.</summary>
public sealed class RealCliSpecs : IAsyncLifetime
{
    private DemoModelServer _model = null!;
    private CodexHome _home = null!;
    private EngineFixture _fixture = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await DemoModelServer.Start();
        _home = new CodexHome(_model);
        _fixture = new EngineFixture(o =>
        {
            o.ExecutablePath = RealCodex.Path;
            foreach (var (name, value) in _home.Environment)
                o.Environment[name] = value;
        });
    }

    public async ValueTask DisposeAsync()
    {
        _fixture.Dispose();
        _home.Dispose();
        await _model.DisposeAsync();
    }

    private Task<TurnRecording> Run(
        string prompt,
        ThreadOptions? options = null,
        Func<TurnSpec, TurnSpec>? change = null,
        Func<SessionSpec, SessionSpec>? session = null) =>
        _fixture.Run(prompt, s => (change ?? (x => x))(s with { Options = Options(options) }), session);

    private ThreadOptions Options(ThreadOptions? options) =>
        (options ?? new ThreadOptions()).Over(new ThreadOptions { WorkingDirectory = _fixture.Folder, SkipGitRepoCheck = true, Sandbox = SandboxMode.WorkspaceWrite });

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static string Answer(TurnRecording turn) =>
        turn.Lines.Select(Parse).Last(l => l.GetProperty("type").ValueEquals("item.completed") && l.GetProperty("item").GetProperty("type").ValueEquals("agent_message"))
            .GetProperty("item").GetProperty("text").GetString()!;

    [Theory]
    [InlineData("nothing", false)]
    [InlineData("file", true)]
    [InlineData("repository", true)]
    [InlineData("inside", true)]
    [InlineData("link to nowhere", false)]
    [InlineData("empty folder", false)]
    public async Task Where_it_refuses_to_work_outside_a_git_repository_is_known_before(string place, bool works)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_fixture.Folder, "place")).FullName;
        var git = Path.Combine(place == "inside" ? _fixture.Folder : folder, ".git");
        if (place == "file")
            await File.WriteAllTextAsync(git, "gitdir: elsewhere", TestContext.Current.CancellationToken);
        else if (place == "link to nowhere")
            File.CreateSymbolicLink(git, "nowhere");
        else if (place == "empty folder")
            Directory.CreateDirectory(git);
        else if (place != "nothing")
        {
            var head = Path.Combine(Directory.CreateDirectory(git).FullName, "HEAD");
            await File.WriteAllTextAsync(head, "ref: refs/heads/main", TestContext.Current.CancellationToken);
        }

        var options = new ThreadOptions { WorkingDirectory = folder, SkipGitRepoCheck = false, Sandbox = SandboxMode.DangerFullAccess };
        var turn = await Run("SCENARIO:plain", options);

        Assert.Equal(works, turn.Outcome.Status == TurnStatus.Completed);
        Assert.Equal(works, GitRepository.IsAround(folder));
    }

    [Fact]
    public async Task A_thread_goes_on_and_each_turn_has_its_own_tokens()
    {
        var threadId = Guid.CreateVersion7();
        var first = await Run("SCENARIO:plain", session: s => s with { ThreadId = threadId });
        var second = await Run(
            "SCENARIO:plain",
            session: s => s with { ThreadId = threadId, Resume = first.CodexThreadId, UsageBefore = first.Outcome.CumulativeUsage! });

        Assert.Equal((TurnStatus.Completed, TurnStatus.Completed), (first.Outcome.Status, second.Outcome.Status));
        Assert.Equal(first.CodexThreadId, second.CodexThreadId);
        Assert.Equal(threadId.ToString(), Parse(second.Lines[0]).GetProperty("thread_id").GetString());
        Assert.Equal(2 * first.Outcome.CumulativeUsage!.InputTokens, second.Outcome.CumulativeUsage!.InputTokens);
        Assert.Equal(first.Outcome.Usage, second.Outcome.Usage);
    }

    [Fact]
    public async Task A_session_that_is_not_there_is_a_failed_turn_with_the_CLIs_reason()
    {
        var turn = await Run("SCENARIO:plain", session: s => s with { Resume = Guid.CreateVersion7().ToString() });

        Assert.Single(turn.Lines);
        Assert.Equal(FailureCodes.CodexExited, turn.Outcome.ErrorCode);
        Assert.Contains("no rollout found", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("backtrace", turn.Outcome.ErrorMessage, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_second_turn_on_a_session_that_is_in_use_fails_and_leaves_the_first_alone()
    {
        await using var first = _fixture.Start("SCENARIO:gate NAME=writer", s => s with { Options = Options(null) });
        var lines = await first.ReadUntil("turn.started");
        await _model.Gates.Reached("writer");
        var rollout = Directory.EnumerateFiles(Path.Combine(_home.Path, "sessions"), "rollout-*.jsonl", SearchOption.AllDirectories).Single();

        var second = await Run("SCENARIO:plain", session: s => s with { Resume = Path.GetFileNameWithoutExtension(rollout)[^36..] });
        _model.Gates.Open("writer");

        Assert.Contains("already has an active writer", second.Outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(TurnStatus.Completed, (await first.Record()).Outcome.Status);
        Assert.NotEmpty(lines);
    }

    [Fact]
    public async Task The_installation_is_found_with_version_provider_and_sandbox()
    {
        using var installation = new CodexInstallation(new OptionsWrapper<CodexOptions>(_fixture.Options), _fixture.Account);

        var facts = await installation.GetFacts(TestContext.Current.CancellationToken);

        var pinned = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tools", "codex", "package.json"), TestContext.Current.CancellationToken);
        Assert.Contains($"\"{facts.Version}\"", pinned, StringComparison.Ordinal);
        Assert.Equal(LoginState.CustomProvider, facts.Login);
        Assert.NotNull(facts.SandboxWorks);
        Assert.Equal(RealCodex.Path, facts.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("resume")]
    public async Task A_prompt_is_a_prompt_whatever_it_says(string prompt)
    {
        var turn = await Run(prompt + "\nSCENARIO:plain");

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task Outside_a_repository_the_CLIs_refusal_is_told()
    {
        var turn = await Run("SCENARIO:plain", new ThreadOptions { SkipGitRepoCheck = false });

        Assert.Single(turn.Lines);
        Assert.Contains("--skip-git-repo-check", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_todo_list_is_told()
    {
        var turn = await Run("SCENARIO:plan");

        Assert.Contains(turn.Lines, l => l.Contains("\"type\":\"todo_list\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_key_is_the_CLIs_own_failure()
    {
        var turn = await Run("SCENARIO:401");

        Assert.Equal((TurnStatus.Failed, null), (turn.Outcome.Status, turn.Outcome.ErrorCode));
        Assert.Contains("401", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_cannot_be_reached_ends_the_turn()
    {
        _fixture.Options.ConfigOverrides["model_providers.demo.base_url"] = "\"http://127.0.0.1:1/v1\"";
        _fixture.Options.ConfigOverrides["model_providers.demo.stream_max_retries"] = "1";

        var turn = await Run("SCENARIO:plain", change: s => s with { Timeout = TimeSpan.FromMinutes(1) });

        // The CLI's own failure, not the time limit: by default it would try for ever.
        Assert.Equal((TurnStatus.Failed, null), (turn.Outcome.Status, turn.Outcome.ErrorCode));
    }

    [Fact]
    public async Task Images_schema_effort_and_folders_are_all_accepted_in_a_resumed_turn()
    {
        var image = Path.Combine(_fixture.Folder, "one, two.png");
        await File.WriteAllBytesAsync(
            image,
            Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
            TestContext.Current.CancellationToken);
        var first = await Run("SCENARIO:plain");

        var turn = await Run(
            "SCENARIO:plain",
            new ThreadOptions
            {
                Model = "gpt-5.5",
                ModelReasoningEffort = "high",
                NetworkAccessEnabled = true,
                WebSearch = WebSearchMode.Live,
                AdditionalDirectories = [_fixture.Scratch, _home.Path],
            },
            s => s with
            {
                Images = [image, image],
                OutputSchema = """{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"additionalProperties":false}""",
            },
            s => s with { Resume = first.CodexThreadId });

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
        var request = _model.Requests.Last().Body.GetRawText();
        Assert.Equal(2, request.Split("input_image").Length - 1);
        Assert.Contains("codex_output_schema", request, StringComparison.Ordinal);
        Assert.Contains("\"effort\":\"high\"", request, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(_fixture.Scratch) ? Directory.GetDirectories(_fixture.Scratch) : []);
    }

    [Theory]
    [InlineData(StopReason.Interrupted)]
    [InlineData(StopReason.Fenced)]
    public async Task A_stopped_turn_leaves_no_command_behind(StopReason reason)
    {
        await using var turn = _fixture.Start(
            "SCENARIO:shell CMD:setsid sleep 1000 & echo $! > child; sleep 1000; true",
            s => s with { Options = Options(new ThreadOptions { Sandbox = SandboxMode.DangerFullAccess }) });
        await turn.ReadUntil("item.started");
        var child = await ProcessProbe.ReadId(Path.Combine(_fixture.Folder, "child"));

        turn.Stop(reason);
        var rest = await turn.Record();
        await turn.Settled;

        Assert.Contains("\"status\":\"failed\"", rest.Lines[0], StringComparison.Ordinal);
        Assert.False(ProcessProbe.IsAlive(child));
    }

    [Fact]
    public async Task A_hanging_model_is_ended_by_the_turns_time_limit()
    {
        var turn = await Run("SCENARIO:hang", change: s => s with { Timeout = TimeSpan.FromSeconds(2) });

        Assert.Equal(FailureCodes.TurnTimeout, turn.Outcome.ErrorCode);
    }
}
