using CodexOrleans.Codex.Events;

namespace CodexOrleans.Codex.Engines;

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
    /// Stops the turn: politely first, by force after a grace period, with every process it started. Returns at once; the terminal event
    /// follows through <see cref="Read"/>. Only the first reason counts; no effect after the terminal event.
    /// </summary>
    void Stop(StopReason reason);

    /// <summary>Gives the running turn further input.</summary>
    /// <returns>False when the turn takes none any more.</returns>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.Steer"/>.</exception>
    ValueTask<bool> Steer(string input, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("This engine takes no input while a turn runs.");

    /// <summary>Answers what the turn has asked.</summary>
    /// <param name="requestId">The question, as its event names it.</param>
    /// <param name="decision">One of the decisions that the event offers.</param>
    /// <returns>False when the question is no longer open.</returns>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.Answer"/>.</exception>
    ValueTask<bool> Answer(string requestId, string decision, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("This engine's turns ask nothing.");

    /// <summary>
    /// Completes when the next turn may continue the session and nothing that this turn started runs any more, as far as the OS lets us
    /// see. Never faults.
    /// </summary>
    Task Settled { get; }
}
