using System.Diagnostics;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;

namespace CodexOrleans.Storage.Tests.Log.Commits;

/// <summary>The span of a transaction that serves turns with traces of their own.</summary>
public sealed class BatchTraceSpecs
{
    [Fact]
    public void A_transaction_of_several_turns_is_a_child_of_the_first_and_linked_to_the_others()
    {
        using var tracing = new Listening();
        using var first = tracing.StartTurn();
        using var second = tracing.StartTurn();

        using var batch = BatchTrace.Start([Pending(null), Pending(first), Pending(second), Pending(first)]);

        Assert.Equal((first.TraceId, first.SpanId), (batch!.TraceId, batch.ParentSpanId));
        Assert.Equal([second.Context], batch.Links.Select(link => link.Context));
    }

    [Fact]
    public void A_transaction_tells_what_it_wrote()
    {
        using var tracing = new Listening();
        using var turn = tracing.StartTurn();
        List<PendingCommit> group = [Pending(turn), Pending(turn)];
        group[1].Outcome = CommitResult.Fenced;
        var batch = BatchTrace.Start(group);

        BatchTrace.Stop(batch, group);

        Assert.Equal(
            [new("codex.log.batch.size", 1), new("codex.log.events", 2L), new KeyValuePair<string, object?>("codex.log.written", 6L)],
            batch!.TagObjects);
        Assert.True(batch.IsStopped);
    }

    [Fact]
    public void A_transaction_without_a_turn_that_is_recorded_has_no_span()
    {
        using var tracing = new Listening();
        using var unrecorded = tracing.StartTurn();
        unrecorded.ActivityTraceFlags = ActivityTraceFlags.None;

        Assert.Null(BatchTrace.Start([Pending(null), Pending(unrecorded)]));
        Assert.Null(BatchTrace.Start([]));
    }

    private static PendingCommit Pending(Activity? activity) => new(
        new ThreadCommit
        {
            ThreadId = Guid.CreateVersion7(),
            Generation = 1,
            ExpectedHead = 0,
            Chunks = [new LogChunk { FirstSeq = 1, LastSeq = 2, TurnId = Guid.CreateVersion7(), At = 1, Kind = 0, Lines = "{}\n{}\n"u8.ToArray() }],
            Activity = activity,
        },
        deadline: 0);

    /// <summary>Somebody who listens, and turns that are traced.</summary>
    private sealed class Listening : IDisposable
    {
        private readonly ActivitySource _turns = new("CodexOrleans");
        private readonly ActivityListener _listener = new()
        {
            ShouldListenTo = source => source.Name == "CodexOrleans",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };

        public Listening() => ActivitySource.AddActivityListener(_listener);

        public Activity StartTurn()
        {
            Activity.Current = null;
            return _turns.StartActivity("codex.turn")!;
        }

        public void Dispose()
        {
            _listener.Dispose();
            _turns.Dispose();
        }
    }
}
