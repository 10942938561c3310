using System.Diagnostics;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Codex;

/// <summary>A way to run turns on the Codex CLI: exec, later app-server.</summary>
public interface ICodexEngine
{
    /// <summary>Whether there is a CLI to start. Cheap; looked up again from time to time while there is none.</summary>
    bool IsInstalled { get; }

    /// <summary>
    /// Whether the CLI is known to have no login that its provider would need: turns would only fail. Cheap; false while it is not known.
    /// </summary>
    bool IsLoggedOut { get; }

    /// <summary>Whether turns can run here, as far as is known.</summary>
    bool IsReady => IsInstalled && !IsLoggedOut;

    /// <summary>Whether the CLI's own record of a session is there to be resumed. Without it a resume would fail.</summary>
    bool CanResume(string codexThreadId);

    /// <summary>The folder below which the CLI keeps its records of sessions.</summary>
    string RecordsFolder { get; }

    /// <summary>The file of a session's record, relative to <see cref="RecordsFolder"/>; null when there is none.</summary>
    string? FindRecord(string codexThreadId);

    /// <summary>
    /// Starts the CLI for one turn. Never throws for what the CLI or its surroundings do: a CLI that cannot be started is a turn
    /// whose only event is its <c>turn.failed</c>.
    /// </summary>
    ICodexTurn Start(CodexTurnStart start);
}

/// <summary>A running turn: a reader of its events, and the handle to stop it.</summary>
public interface ICodexTurn : IAsyncDisposable
{
    /// <summary>
    /// Waits for events and returns all that are available as one block; null once the terminal event has been returned. Exactly
    /// one terminal event is returned for each turn, whatever happens to the process, and open items are closed before it.
    /// One reader at a time. A slow reader slows the CLI down (bounded buffers); nothing is dropped.
    /// </summary>
    ValueTask<EventBlock?> Read(CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops the CLI: politely first, by force after a grace period, with all its descendants. Returns at once; the terminal event
    /// follows through <see cref="Read"/>. Only the first reason counts; no effect after the terminal event.
    /// </summary>
    void Stop(StopReason reason);

    /// <summary>Completes when the CLI and every process it started are gone (as far as the OS lets us see them). Never faults.</summary>
    Task Gone { get; }
}

/// <summary>Why a turn is stopped from outside; each becomes a code of the turn's failure.</summary>
public enum StopReason
{
    Interrupted,
    TurnTimeout,
    HostDraining,

    /// <summary>Another owner has the thread: end the process now, by force, nobody reads the rest.</summary>
    Fenced,

    StorageUnavailable,
}

/// <summary>What a turn needs to start.</summary>
public sealed record CodexTurnStart
{
    /// <summary>Our thread id: replaces the CLI's in <c>thread.started</c>.</summary>
    public required Guid ThreadId { get; init; }

    public required Guid TurnId { get; init; }

    public required string Prompt { get; init; }

    /// <summary>Completes when the turn is on disk: the CLI may start before, but gets its prompt only then.</summary>
    public Task Accepted { get; init; } = Task.CompletedTask;

    /// <summary>Effective options; <see cref="ThreadOptions.WorkingDirectory"/> is set and exists.</summary>
    public required ThreadOptions Options { get; init; }

    /// <summary>The folder, links resolved, in which the CLI must find itself before it gets its prompt; null takes any.</summary>
    public string? RealWorkingDirectory { get; init; }

    public string? OutputSchema { get; init; }

    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>The CLI's session to continue, or null to open a new one.</summary>
    public string? ResumeCodexThreadId { get; init; }

    /// <summary>The CLI's cumulative usage before this turn.</summary>
    public TokenUsage UsageBefore { get; init; } = new();

    /// <summary>A process that prints the prompt plays the CLI's part; see <see cref="TurnRequest.Rehearsal"/>.</summary>
    public bool Rehearsal { get; init; }

    /// <summary>The turn's span, or null when nobody traces.</summary>
    public Activity? Activity { get; init; }

    /// <summary>Longest run of the turn; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>Events of a turn that became available together.</summary>
public sealed class EventBlock
{
    /// <summary>JSON lines, each ended by one <c>\n</c>, valid UTF-8 and valid JSON objects with a string <c>type</c>; no raw CR or LF inside. Exactly sized, owned by the receiver.</summary>
    public required byte[] Lines { get; init; }

    /// <summary>How many lines.</summary>
    public required int Count { get; init; }

    /// <summary>The CLI's session id, in the block that holds <c>thread.started</c>.</summary>
    public string? CodexThreadId { get; init; }

    /// <summary>Set in the last block, whose last line is the terminal event.</summary>
    public TurnOutcome? Outcome { get; init; }
}

/// <summary>How a turn ended.</summary>
/// <param name="Status">Completed, failed or interrupted.</param>
/// <param name="ErrorCode">One of <see cref="FailureCodes"/> when the server wrote the terminal event; null for the CLI's own.</param>
/// <param name="ErrorMessage">The failure's message.</param>
/// <param name="Usage">The turn's own tokens, or null.</param>
/// <param name="CumulativeUsage">The CLI's figure as it said it, or null.</param>
public sealed record TurnOutcome(TurnStatus Status, string? ErrorCode, string? ErrorMessage, TokenUsage? Usage, TokenUsage? CumulativeUsage);
