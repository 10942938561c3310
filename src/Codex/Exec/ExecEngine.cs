using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Installation;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Exec;

/// <summary>Runs each turn as one <c>codex exec --json</c>.</summary>
public sealed class ExecEngine : ICodexEngine
{
    private readonly IOptions<CodexOptions> _options;
    private readonly CodexInstallation? _installation;
    private string? _executable;

    /// <param name="options">The CLI's path and the limits of processes.</param>
    /// <param name="scratch">The folder for files of turns.</param>
    /// <param name="strays">Ends processes that the CLI leaves behind.</param>
    /// <param name="time">The clock of all limits.</param>
    /// <param name="logger">For the operator.</param>
    /// <param name="metrics">Null records no metrics.</param>
    /// <param name="installation">Knows whether the CLI has a login; without it every turn is tried.</param>
    public ExecEngine(
        IOptions<CodexOptions> options,
        ScratchFolder scratch,
        StrayProcesses strays,
        TimeProvider time,
        ILogger<ExecEngine> logger,
        CliMetrics? metrics = null,
        CodexInstallation? installation = null)
    {
        _options = options;
        _installation = installation;
        Scratch = scratch;
        Metrics = metrics;
        Supervisor = new ProcessSupervisor(strays, options.Value.StopGrace, time, logger);
    }

    public string Name => "exec";

    public EngineCapabilities Capabilities => EngineCapabilities.None;

    public bool IsInstalled => FindExecutable() is not null;

    public bool IsLoggedOut => _installation?.IsLoggedOut == true;

    internal ScratchFolder Scratch { get; }

    internal CliMetrics? Metrics { get; }

    internal ProcessSupervisor Supervisor { get; set; }

    public ICodexSession Open(SessionSpec session) => new ExecSession(this, session);

    /// <summary>The binary to start: the last one while it exists, else a new lookup, so that a later installation is found.</summary>
    internal string? FindExecutable()
    {
        if (!File.Exists(_executable))
            _executable = CodexExecutable.Find(_options.Value.ExecutablePath);
        return _executable;
    }
}
