using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Processes;

/// <summary>The services and limits that all supervised processes share.</summary>
/// <param name="Strays">Ends what a process leaves behind.</param>
/// <param name="StopGrace">How long a process may take to end after a polite signal before it is killed.</param>
/// <param name="Time">The clock of all limits.</param>
/// <param name="Logger">For the operator.</param>
internal sealed record ProcessSupervisor(StrayProcesses Strays, TimeSpan StopGrace, TimeProvider Time, ILogger Logger)
{
    /// <summary>A program that runs another one in a session of its own, or null to run it in the server's.</summary>
    public string? SessionStarter { get; init; } = ControllingTerminal.SessionStarter;
}
