using System.Diagnostics;

namespace CodexOrleans.TestSupport;

/// <summary>Waits for a state of the world that sends no signal: a process that is gone, a row in a database.</summary>
public static class Condition
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(10);

    public static Task Becomes(Func<bool> condition) => Becomes(() => Task.FromResult(condition()));

    public static async Task Becomes(Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > _patience)
                throw new TimeoutException($"The expected state did not come within {_patience}.");
            await Task.Delay(_interval);
        }
    }
}
