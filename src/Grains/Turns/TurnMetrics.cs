using System.Diagnostics.Metrics;
using CodexOrleans.Grains.Slots;

namespace CodexOrleans.Grains.Turns;

/// <summary>Metrics of this silo's turns and threads.</summary>
/// <remarks>
/// Counters that should stay at zero are observable: they are exported as zero from the start, so that the first count shows as an
/// increase.
/// </remarks>
public sealed class TurnMetrics
{
    private const string ErrorType = "error.type";
    private const string Outcome = "codex.turn.outcome";
    private const string TokenType = "gen_ai.token.type";

    private readonly Counter<long> _ended;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _tokens;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstEvent;
    private readonly Histogram<double> _queued;
    private long _started;
    private long _recovered;
    private long _fenced;
    private long _deliveryFailures;
    private int _fronts;

    public TurnMetrics(IMeterFactory meters, TurnSlots slots)
    {
        var meter = meters.Create("CodexOrleans");
        meter.CreateObservableUpDownCounter("codex.turn.active", () => slots.Taken, "{turn}", "Turns that hold a slot.");
        meter.CreateObservableUpDownCounter("codex.turn.limit", () => slots.Limit, "{turn}", "Slots: turns that may run at once.");
        meter.CreateObservableUpDownCounter("codex.turn.queue.length", () => slots.Waiting, "{turn}", "Turns that wait for a slot.");
        var seconds = new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60],
        };
        _queued = meter.CreateHistogram(
            "codex.turn.queue.duration", "s", "Time that a turn waited for its slot, or for nothing.", advice: seconds);
        _refused = meter.CreateCounter<long>("codex.turn.refused", "{turn}", "Turns that were not accepted, by error.type.");
        meter.CreateObservableCounter("codex.turn.started", () => Volatile.Read(ref _started), "{turn}", "Turns that were accepted.");
        _ended = meter.CreateCounter<long>("codex.turn.ended", "{turn}", "Turns that have ended, by outcome and error.type.");
        _duration = meter.CreateHistogram(
            "codex.turn.duration",
            "s",
            "Time from a turn's slot to its terminal event on disk.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
            });
        _firstEvent = meter.CreateHistogram(
            "codex.turn.time_to_first_event", "s", "Time from a turn's slot to the CLI's first event on disk.", advice: seconds);
        _tokens = meter.CreateCounter<long>(
            "codex.turn.tokens", "{token}", "Tokens of turns that have ended, by gen_ai.token.type; cached ones are part of the input.");
        meter.CreateObservableCounter(
            "codex.turn.recovered", () => Volatile.Read(ref _recovered), "{turn}", "Turns whose host was lost and that were ended here.");
        meter.CreateObservableCounter(
            "codex.thread.fenced",
            () => Volatile.Read(ref _fenced),
            "{thread}",
            "Threads that were given up here because another activation had claimed them.");
        meter.CreateObservableUpDownCounter(
            "codex.thread.fronts",
            () => Volatile.Read(ref _fronts),
            "{lease}",
            "Front ends that threads of this silo publish to, counted for each thread.");
        meter.CreateObservableCounter(
            "codex.thread.delivery_failures",
            () => Volatile.Read(ref _deliveryFailures),
            "{delivery}",
            "Live deliveries to front ends that failed; their viewers read the log.");
    }

    internal void Queued(TimeSpan time) => _queued.Record(time.TotalSeconds);

    internal void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>(ErrorType, code));

    internal void Started() => Interlocked.Increment(ref _started);

    internal void FirstEvent(TimeSpan time) => _firstEvent.Record(time.TotalSeconds);

    internal void Ended(string outcome, string? error, TokenUsage? usage, TimeSpan time)
    {
        if (error is null)
            _ended.Add(1, new KeyValuePair<string, object?>(Outcome, outcome));
        else
            _ended.Add(1, new(Outcome, outcome), new KeyValuePair<string, object?>(ErrorType, error));
        _duration.Record(time.TotalSeconds, new KeyValuePair<string, object?>(Outcome, outcome));
        if (usage is null)
            return;
        _tokens.Add(usage.InputTokens, new KeyValuePair<string, object?>(TokenType, "input"));
        _tokens.Add(usage.CachedInputTokens, new KeyValuePair<string, object?>(TokenType, "cached_input"));
        _tokens.Add(usage.OutputTokens, new KeyValuePair<string, object?>(TokenType, "output"));
    }

    internal void Recovered() => Interlocked.Increment(ref _recovered);

    internal void Fenced() => Interlocked.Increment(ref _fenced);

    internal void FrontsChanged(int by) => Interlocked.Add(ref _fronts, by);

    internal void DeliveryFailed() => Interlocked.Increment(ref _deliveryFailures);
}
