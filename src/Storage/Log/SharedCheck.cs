namespace CodexOrleans.Storage.Log;

/// <summary>
/// A check that strangers may ask for as often as they like: it runs once for all who ask at the same time, and what it has found to be
/// well counts for a second. A fault is told to those who waited for it, and looked for again by the next.
/// </summary>
internal sealed class SharedCheck(Func<Task> check, TimeProvider time)
{
    private static readonly TimeSpan _validity = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task? _last;
    private long _began;

    /// <param name="cancellationToken">Ends the caller's wait; the check goes on for the others.</param>
    public Task Run(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_last is null || (_last.IsCompleted && !(_last.IsCompletedSuccessfully && time.GetElapsedTime(_began) < _validity)))
            {
                _began = time.GetTimestamp();
                _last = check();
            }

            return _last.WaitAsync(cancellationToken);
        }
    }
}
