using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

public class DirectDeliverySpecs
{
    private readonly DirectStreamFixture _fixture = new();

    [Fact]
    public async Task Events_of_many_publishers_arrive_once_in_each_publishers_order_and_one_delivery_at_a_time()
    {
        const int publishers = 8;
        // All of them may wait at once: on a busy machine the subscriber may not have run before the last was published.
        const int eventsPerPublisher = 1_000;
        var (inside, overlaps) = (0, 0);
        var recorder = new Recorder
        {
            OnDelivery = async _ =>
            {
                if (Interlocked.Increment(ref inside) > 1)
                    Interlocked.Increment(ref overlaps);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            },
        };
        await _fixture.Stream.SubscribeAsync(recorder);

        await Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Task.Run(() =>
        {
            for (var number = 0; number < eventsPerPublisher; number++)
                Assert.True(_fixture.Stream.OnNextAsync(new TestEvent(publisher, number)).IsCompletedSuccessfully);
        })));

        await recorder.HasEventsAsync(publishers * eventsPerPublisher);
        foreach (var publisher in recorder.Events.GroupBy(item => item.Producer))
            Assert.Equal(Enumerable.Range(0, eventsPerPublisher), publisher.Select(item => item.Number));
        Assert.Equal(0, overlaps);
        Assert.Empty(recorder.Errors);
    }

    [Fact]
    public async Task A_subscriber_is_called_on_the_publishers_thread_with_the_very_event()
    {
        var thread = 0;
        var recorder = new Recorder { OnDelivery = _ => Task.FromResult(thread = Environment.CurrentManagedThreadId) };
        await _fixture.Stream.SubscribeAsync(recorder);
        var published = new TestEvent(0, 1);

        var publishing = _fixture.Stream.OnNextAsync(published);

        Assert.True(publishing.IsCompletedSuccessfully);
        Assert.Same(published, Assert.Single(recorder.Events));
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public async Task Events_published_together_are_delivered_together()
    {
        var recorder = new Recorder();
        await _fixture.Stream.SubscribeAsync(recorder);
        var list = Enumerable.Range(0, 100).Select(number => new TestEvent(0, number)).ToList();

        await _fixture.Stream.OnNextBatchAsync(list);
        await _fixture.Stream.OnNextBatchAsync([]);

        Assert.Equal([100], recorder.Deliveries);
        Assert.Equal(list, recorder.Events);
    }

    [Fact]
    public async Task What_piles_up_behind_a_delivery_is_delivered_together_and_holds_no_publisher()
    {
        var gate = new Gate();
        var recorder = new Recorder { OnDelivery = gate.Pass };
        await _fixture.Stream.SubscribeAsync(recorder);

        _fixture.Publish(Enumerable.Range(0, 51));
        gate.Open();

        await recorder.HasEventsAsync(51);
        Assert.Equal([1, 50], recorder.Deliveries);
        Assert.Equal(Enumerable.Range(0, 51), recorder.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task A_subscriber_of_single_events_gets_each_event_of_a_batch()
    {
        var recorder = new Recorder();
        await _fixture.Stream.SubscribeAsync((item, token) => recorder.OnNextAsync([new(item, token!)]));

        await _fixture.Stream.OnNextBatchAsync([new TestEvent(0, 0), new TestEvent(0, 1)]);

        Assert.Equal([1, 1], recorder.Deliveries);
        Assert.Equal([0, 1], recorder.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task Each_stream_has_its_own_subscriber_and_an_event_without_one_is_gone()
    {
        var (a, b) = (new Recorder(), new Recorder());
        await _fixture.StreamOf("b").OnNextAsync(new TestEvent(0, 0));
        await _fixture.StreamOf("a").SubscribeAsync(a);
        await _fixture.StreamOf("b").SubscribeAsync(b);

        await _fixture.StreamOf("a").OnNextAsync(new TestEvent(0, 1));
        await _fixture.StreamOf("b").OnNextAsync(new TestEvent(0, 2));

        Assert.Equal(1, Assert.Single(a.Events).Number);
        Assert.Equal(2, Assert.Single(b.Events).Number);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_subscriber_may_publish_to_its_own_stream_also_when_it_then_fails(bool fails)
    {
        const int events = 100_000;
        var seen = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _fixture.Stream.SubscribeAsync(new Chain(_fixture.Stream, item =>
        {
            seen.Add(item.Number);
            if (item.Number == events)
                done.SetResult();
            return item.Number < events ? new TestEvent(0, item.Number + 1) : null;
        }, fails));

        _fixture.Publish(1);

        await done.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, events), seen);
    }

    [Fact]
    public async Task A_publisher_is_not_kept_delivering_what_others_publish()
    {
        const int many = 1_000_000;
        var thread = 0;
        using var last = new ManualResetEventSlim();
        await _fixture.Stream.SubscribeAsync(new Chain(_fixture.Stream, item =>
        {
            if (item.Number < many)
                return new TestEvent(0, item.Number + 1);
            thread = Environment.CurrentManagedThreadId;
            last.Set();
            return null;
        }));

        _fixture.Publish(1);
        var publisher = Environment.CurrentManagedThreadId;

        // Blocked, this thread cannot be the one that delivers the rest.
        Assert.True(last.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.NotEqual(publisher, thread);
    }

    /// <summary>A subscriber that answers each event by publishing the next one.</summary>
    private sealed class Chain(IAsyncStream<TestEvent> stream, Func<TestEvent, TestEvent?> next, bool fails = false) : IAsyncObserver<TestEvent>
    {
        public Task OnNextAsync(TestEvent item, StreamSequenceToken? token = null)
        {
            if (next(item) is { } answer)
                Assert.True(stream.OnNextAsync(answer).IsCompletedSuccessfully);
            return fails ? Task.FromException(new InvalidOperationException("broken subscriber")) : Task.CompletedTask;
        }

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
