using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Turns;

/// <summary>A turn for which no CLI was started: all that it tells is its end.</summary>
/// <param name="code">One of <see cref="FailureCodes"/>.</param>
/// <param name="message">For the caller. Holds no path and no exception text.</param>
internal sealed class UnstartedTurn(string code, string message) : ICodexTurn
{
    private bool _told;

    public Task Gone => Task.CompletedTask;

    /// <summary>One that could not be prepared.</summary>
    public static UnstartedTurn For(Exception exception) => exception switch
    {
        StorageException => new(
            FailureCodes.StorageUnavailable,
            "The server could not read its log, so the turn was not started. Continue the thread when the store works again."),
        IOException or UnauthorizedAccessException => new(
            FailureCodes.WorkspaceUnavailable,
            "The server could not read or write a file that the turn needs; its log has the details. Is a disk full?"),
        _ => new(FailureCodes.CodexNotStarted, "The server could not start the turn; its log has the details."),
    };

    public ValueTask<EventBlock?> Read(CancellationToken cancellationToken = default)
    {
        if (_told)
            return default;
        _told = true;
        return new(new EventBlock
        {
            Lines = ServerLines.TurnFailed(code, message),
            Count = 1,
            Outcome = new TurnOutcome(TurnStatus.Failed, code, message, null, null),
        });
    }

    public void Stop(StopReason reason)
    {
    }

    public ValueTask DisposeAsync() => default;
}
