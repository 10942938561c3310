using System.Collections.Concurrent;
using System.Text;
using CodexOrleans.WebFront.Feed;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>A feed with scripted owners and a log in memory; batches arrive as soon as they are published.</summary>
internal sealed class FeedFixture : IDisposable
{
    private readonly ConcurrentDictionary<Guid, ScriptedThread> _threads = new();

    public FeedFixture(Action<FeedOptions>? configure = null)
    {
        var options = new FeedOptions();
        configure?.Invoke(options);
        Options = options;
        Feed = new FrontFeed(Thread, Log, Microsoft.Extensions.Options.Options.Create(options), Time, NullLogger<FrontFeed>.Instance);
    }

    public MemoryLog Log { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public FeedOptions Options { get; }

    public FrontFeed Feed { get; }

    public ScriptedThread Thread(Guid id) => _threads.GetOrAdd(id, _ => new ScriptedThread(id, Log, (_, batch) => Feed.Deliver(batch)));

    public ScriptedThread NewThread() => Thread(Guid.CreateVersion7());

    public void Dispose() => Feed.Dispose();
}

/// <summary>Reading a viewer the way a test thinks of it: numbered lines.</summary>
internal static class Viewing
{
    public static async Task<List<(long Seq, string Line)>> Take(this Viewer viewer, int count)
    {
        var events = new List<(long, string)>();
        while (events.Count < count)
        {
            var step = await viewer.Next().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            if (step.Kind == ViewerStepKind.Events)
                events.AddRange(Numbered(step.Events));
        }

        Assert.Equal(count, events.Count);
        return events;
    }

    /// <summary>Everything up to the synced mark, and the head it names.</summary>
    public static async Task<(List<(long Seq, string Line)> Events, long Head)> TakeHistory(this Viewer viewer)
    {
        var events = new List<(long, string)>();
        while (true)
        {
            var step = await viewer.Next().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            if (step.Kind == ViewerStepKind.Synced)
                return (events, step.Head);
            if (step.Kind == ViewerStepKind.Events)
                events.AddRange(Numbered(step.Events));
        }
    }

    public static IEnumerable<(long Seq, string Line)> Numbered(EventSlice events)
    {
        var lines = Encoding.UTF8.GetString(events.Lines.Span).Split('\n')[..^1];
        Assert.Equal(events.Count, lines.Length);
        return lines.Select((line, i) => (events.FirstSeq + i, line));
    }
}
