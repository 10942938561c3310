using System.Text.Json;
using CodexOrleans.DemoModel;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Codex.Tests.Support;

/// <summary>The engine on the pinned CLI and the scripted model, to see what commands can do.</summary>
internal sealed class RealEngine : IAsyncDisposable
{
    private readonly DemoModelServer _model;

    private RealEngine(DemoModelServer model, Action<CodexOptions, CodexHome>? configure, string moreConfig)
    {
        _model = model;
        Home = new CodexHome(model, moreConfig: moreConfig);
        Fixture = new EngineFixture(o =>
        {
            o.ExecutablePath = RealCodex.Path;
            foreach (var (name, value) in Home.Environment)
                o.Environment[name] = value;
            configure?.Invoke(o, Home);
        });
    }

    public CodexHome Home { get; }

    public EngineFixture Fixture { get; }

    /// <param name="configure">The operator's options.</param>
    /// <param name="moreConfig">The operator's config.toml beside the model, as TOML tables.</param>
    public static async Task<RealEngine> Start(Action<CodexOptions, CodexHome>? configure = null, string moreConfig = "") =>
        new(await DemoModelServer.Start(), configure, moreConfig);

    /// <summary>Runs a turn in which the agent runs one command, and returns the command's exit code and output.</summary>
    public async Task<(int ExitCode, string Output)> Command(string command, SandboxMode sandbox)
    {
        var turn = await Fixture.Run(
            $"SCENARIO:shell CMD:{command}",
            s => s with { Options = new ThreadOptions { WorkingDirectory = Fixture.Folder, SkipGitRepoCheck = true, Sandbox = sandbox } });
        var items = turn.Lines.Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.GetProperty("type").ValueEquals("item.completed"))
            .Select(l => l.GetProperty("item"))
            .Where(i => i.GetProperty("type").ValueEquals("command_execution"))
            .ToList();
        Assert.True(items.Count == 1, string.Join('\n', turn.Lines));
        return (items[0].GetProperty("exit_code").GetInt32(), items[0].GetProperty("aggregated_output").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        Fixture.Dispose();
        Home.Dispose();
        await _model.DisposeAsync();
    }
}
