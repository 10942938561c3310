using System.Diagnostics;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// Tells whether commits come so fast that the writer saves more than it delays by waiting a moment: what gathers meanwhile shares
/// one transaction, and nobody has to wake the writer. Used by the writer's thread only.
/// </summary>
internal sealed class CommitPace
{
    /// <summary>
    /// Commits per second from which on gathering pays. Below it a group holds one or two commits and latency is all that counts; a
    /// few threads that say much at once stay below it too, since each of their commits is large.
    /// </summary>
    private const int GatherFrom = 8_000;

    private static readonly long _window = Stopwatch.Frequency / 200;

    private long _since = Stopwatch.GetTimestamp();
    private int _commits;

    /// <summary>True while the pace of the last few milliseconds is one at which gathering pays.</summary>
    public bool IsFast { get; private set; }

    /// <summary>Counts a written group.</summary>
    public void Wrote(int commits)
    {
        _commits += commits;
        var now = Stopwatch.GetTimestamp();
        var elapsed = now - _since;
        if (elapsed < _window)
            return;
        IsFast = _commits * Stopwatch.Frequency > elapsed * GatherFrom;
        _commits = 0;
        _since = now;
    }
}
