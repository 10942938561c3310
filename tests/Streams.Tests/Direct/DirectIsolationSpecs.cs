using System.Runtime.CompilerServices;
using CodexOrleans.Streams.Direct;
using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

/// <summary>What a broken subscriber costs others, and what becomes of itself.</summary>
public class DirectIsolationSpecs
{
    [Fact]
    public async Task A_subscriber_that_hangs_holds_nobody_and_no_more_than_its_buffer()
    {
        var fixture = new DirectStreamFixture(new DirectStreamOptions { MaxPendingEvents = 20 });
        var gate = new Gate();
        var (hanging, healthy) = (new Recorder { OnDelivery = gate.Pass }, new Recorder());
        await fixture.Stream.SubscribeAsync(hanging);
        await fixture.StreamOf("b").SubscribeAsync(healthy);

        var events = PublishWeakly(fixture, 1_000);
        await fixture.StreamOf("b").OnNextAsync(new TestEvent(0, 0));

        Assert.Single(healthy.Events);
        // Those in its buffer, and the one it hangs in.
        Assert.InRange(Alive(events), 1, 21);
        gate.Open();
    }

    [Fact]
    public async Task A_subscriber_that_fell_too_far_behind_is_told_and_gets_later_events()
    {
        var fixture = new DirectStreamFixture(new DirectStreamOptions { MaxPendingEvents = 20 });
        var gate = new Gate();
        var recorder = new Recorder { OnDelivery = gate.Pass };
        await fixture.Stream.SubscribeAsync(recorder);

        fixture.Publish(Enumerable.Range(0, 101));
        gate.Open();
        await recorder.HasErrorsAsync(1);
        fixture.Publish(101);

        await recorder.HasEventAsync(new TestEvent(0, 101));
        var miss = Assert.IsType<QueueCacheMissException>(Assert.Single(recorder.Errors));
        Assert.Contains("the limits are 20 events", miss.Message);
        Assert.Equal([0, .. Enumerable.Range(81, 21)], recorder.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task What_waits_is_also_counted_in_bytes()
    {
        var fixture = new DirectStreamFixture(new DirectStreamOptions { MaxPendingBytes = 100, SizeOf = item => ((TestEvent)item).Number });
        var gate = new Gate();
        var recorder = new Recorder { OnDelivery = gate.Pass };
        await fixture.Stream.SubscribeAsync(recorder);

        fixture.Publish(1, 60, 40, 1);
        gate.Open();

        await recorder.HasEventsAsync(2);
        Assert.Equal([1, 1], recorder.Events.Select(item => item.Number));
        Assert.IsType<QueueCacheMissException>(Assert.Single(recorder.Errors));
    }

    [Fact]
    public async Task What_is_published_together_is_not_torn_apart_however_much_it_is()
    {
        var fixture = new DirectStreamFixture(new DirectStreamOptions { MaxPendingEvents = 2 });
        var gate = new Gate();
        var recorder = new Recorder { OnDelivery = gate.Pass };
        await fixture.Stream.SubscribeAsync(recorder);

        await fixture.Stream.OnNextBatchAsync(Enumerable.Range(0, 50).Select(number => new TestEvent(0, number)));
        await fixture.Stream.OnNextBatchAsync(Enumerable.Range(50, 50).Select(number => new TestEvent(0, number)));
        gate.Open();

        await recorder.HasEventsAsync(100);
        Assert.Equal([50, 50], recorder.Deliveries);
        Assert.Empty(recorder.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_subscriber_that_throws_is_told_and_gets_later_events(bool atOnce)
    {
        var fixture = new DirectStreamFixture();
        var recorder = new Recorder();
        await fixture.Stream.SubscribeAsync(new Broken(recorder, atOnce));

        fixture.Publish(0);
        await recorder.HasErrorsAsync(1);
        fixture.Publish(1);

        await recorder.HasEventsAsync(1);
        Assert.Equal(1, Assert.Single(recorder.Events).Number);
        Assert.Equal("broken subscriber", Assert.Single(recorder.Errors).Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_subscriber_that_cannot_even_be_told_gets_later_events(bool atOnce)
    {
        var fixture = new DirectStreamFixture();
        var recorder = new Recorder();
        await fixture.Stream.SubscribeAsync(new Broken(recorder, atOnce, deaf: true));

        fixture.Publish(0, 1);

        await recorder.HasEventsAsync(1);
        Assert.Equal(1, Assert.Single(recorder.Events).Number);
    }

    /// <summary>Not inlined, so that no local of the test keeps an event.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> PublishWeakly(DirectStreamFixture fixture, int count)
    {
        var events = new List<WeakReference>();
        for (var number = 0; number < count; number++)
        {
            var item = new TestEvent(0, number);
            events.Add(new WeakReference(item));
            Assert.True(fixture.Stream.OnNextAsync(item).IsCompletedSuccessfully);
        }

        return events;
    }

    private static int Alive(List<WeakReference> events)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return events.Count(item => item.IsAlive);
    }

    /// <summary>Fails at event 0, at once or after a while.</summary>
    private sealed class Broken(Recorder recorder, bool atOnce, bool deaf = false) : IAsyncBatchObserver<TestEvent>
    {
        public Task OnNextAsync(IList<SequentialItem<TestEvent>> items)
        {
            if (items[0].Item.Number > 0)
                return recorder.OnNextAsync(items);
            return atOnce ? throw Failure() : FailLater();
        }

        public Task OnErrorAsync(Exception ex) => deaf ? throw Failure() : recorder.OnErrorAsync(ex);

        private static InvalidOperationException Failure() => new("broken subscriber");

        private static async Task FailLater()
        {
            await Task.Yield();
            throw Failure();
        }
    }
}
