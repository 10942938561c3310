using CodexOrleans.Grains.Codex.Installation;
using CodexOrleans.Grains.Codex.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Codex.Exec;

/// <summary>Runs each turn as one <c>codex exec --json</c>.</summary>
/// <param name="scratch">Folder for files that live as long as a turn; created when needed.</param>
/// <param name="installation">Knows of the login; without it every turn is tried.</param>
public sealed class ExecEngine(
    IOptions<CodexOptions> options,
    HostTag host,
    string scratch,
    StrayProcesses strays,
    TimeProvider time,
    ILogger<ExecEngine> logger,
    CliMetrics? metrics = null,
    CodexInstallation? installation = null) : ICodexEngine
{
    private string? _executable;

    public bool IsInstalled => FindExecutable() is not null;

    public bool IsLoggedOut => installation?.IsLoggedOut == true;

    internal CodexOptions Options => options.Value;

    internal CodexEnvironment Environment { get; } = new(options.Value, host);

    internal string Scratch => scratch;

    internal StrayProcesses Strays => strays;

    internal TimeProvider Time => time;

    internal ILogger Logger => logger;

    internal CliMetrics? Metrics => metrics;

    /// <summary>A program that runs the CLI in a session of its own, or null to run it in the server's.</summary>
    internal string? SessionStarter { get; init; } = ControllingTerminal.SessionStarter;

    public bool CanResume(string codexThreadId) => RolloutFile.Exists(Environment.Home, codexThreadId);

    public string RecordsFolder => Environment.Home;

    public string? FindRecord(string codexThreadId) => RolloutFile.Find(Environment.Home, codexThreadId);

    public ICodexTurn Start(CodexTurnStart start)
    {
        var turn = new ExecTurn(this, start);
        turn.Begin();
        return turn;
    }

    /// <summary>The binary to start now: the one of last time while it is there, else looked up anew, so that a late install is seen.</summary>
    internal string? FindExecutable()
    {
        if (!File.Exists(_executable))
            _executable = CodexExecutable.Find(options.Value.ExecutablePath);
        return _executable;
    }
}
