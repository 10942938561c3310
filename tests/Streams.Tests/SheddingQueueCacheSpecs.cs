using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Orleans.Streams;

namespace CodexOrleans.Streams.Tests;

public class SheddingQueueCacheSpecs
{
    private static readonly StreamId _stream = StreamId.Create("test", "a");
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Delivered_events_can_be_collected_but_for_a_short_tail()
    {
        var cache = CacheWith(new PushStreamOptions());
        using var cursor = CursorAtEnd(cache);

        var events = Publish(cache, count: 2000, after: () => ReadAll(cursor));

        Assert.InRange(Alive(events), 0, 256);
        GC.KeepAlive(cache);
    }

    [Fact]
    public void An_idle_stream_lets_its_tail_go_and_an_abandoned_one_itself()
    {
        var cache = CacheWith(new PushStreamOptions());
        var cursor = CursorAtEnd(cache);
        var events = Publish(cache, count: 100, after: () => ReadAll(cursor));

        _time.Advance(TimeSpan.FromSeconds(11));
        cache.TryPurgeFromCache(out _);

        Assert.Equal(0, Alive(events));
        cursor.Dispose();
        GC.KeepAlive(cache);
    }

    [Fact]
    public void A_consumer_that_hangs_keeps_no_more_than_its_allowed_lag()
    {
        var cache = CacheWith(new PushStreamOptions { MaxLagEvents = 300 });
        using var hanging = CursorAtEnd(cache);
        using var healthy = CursorAtEnd(cache);

        var events = Publish(cache, count: 5000, after: () => ReadAll(healthy));

        Assert.InRange(Alive(events), 1, 301);
        Assert.Throws<QueueCacheMissException>(() => hanging.MoveNextWithResult());
        GC.KeepAlive(cache);
    }

    [Fact]
    public void Lag_is_also_counted_in_bytes_but_the_newest_batch_stays()
    {
        var cache = CacheWith(new PushStreamOptions { MaxLagBytes = 100 });
        using var cursor = CursorAtEnd(cache);

        cache.AddToCache([BatchOf(1, bytes: 1000)]);
        cache.TryPurgeFromCache(out _);
        Assert.Equal([1], ReadAll(cursor));

        cache.AddToCache([BatchOf(2, bytes: 60), BatchOf(3, bytes: 60)]);
        cache.TryPurgeFromCache(out _);
        Assert.Throws<QueueCacheMissException>(() => cursor.MoveNextWithResult());
    }

    [Fact]
    public void A_new_streams_first_event_is_found_however_much_came_with_it()
    {
        var cache = CacheWith(new PushStreamOptions { MaxLagEvents = 10 });
        var batches = Enumerable.Range(0, 1000).Select(number => BatchOf(number)).ToList();

        cache.AddToCache([.. batches]);
        using var cursor = cache.TryGetCacheCursor(_stream, batches[0].SequenceToken).Cursor!;

        Assert.Equal(Enumerable.Range(0, 1000), ReadAll(cursor));
    }

    [Fact]
    public void A_place_that_was_dropped_is_a_miss_and_a_cursor_without_a_place_waits_for_the_next_event()
    {
        var cache = CacheWith(new PushStreamOptions());
        var first = BatchOf(0);
        cache.AddToCache([first]);
        for (var number = 1; number < 500; number++)
            cache.AddToCache([BatchOf(number)]);
        cache.TryPurgeFromCache(out _);

        Assert.Equal(QueueCacheCursorResultKind.CacheMiss, cache.TryGetCacheCursor(_stream, first.SequenceToken).Kind);
        using var cursor = CursorAtEnd(cache);
        Assert.Empty(ReadAll(cursor));
        cache.AddToCache([BatchOf(500)]);
        Assert.Equal([500], ReadAll(cursor));
    }

    private static PushBatchContainer BatchOf(int number, long bytes = 0) => new(_stream, [new TestEvent(0, number)], bytes);

    private static IQueueCacheCursor CursorAtEnd(SheddingQueueCache cache) => cache.TryGetCacheCursor(_stream, null).Cursor!;

    private static List<int> ReadAll(IQueueCacheCursor cursor)
    {
        var numbers = new List<int>();
        while (cursor.MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success)
            numbers.AddRange(cursor.GetCurrent(out _)!.GetEvents<TestEvent>().Select(item => item.Item1.Number));
        return numbers;
    }

    /// <summary>Not inlined, so that no local of the test keeps an event.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Publish(SheddingQueueCache cache, int count, Action after)
    {
        var events = new List<WeakReference>();
        for (var number = 0; number < count; number++)
        {
            var batch = BatchOf(number);
            events.Add(new WeakReference(batch.Events[0]));
            cache.TryPurgeFromCache(out _);
            cache.AddToCache([batch]);
            after();
        }

        cache.TryPurgeFromCache(out _);
        return events;
    }

    private static int Alive(List<WeakReference> events)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return events.Count(item => item.IsAlive);
    }

    private SheddingQueueCache CacheWith(PushStreamOptions options) => new(options, _time);
}
