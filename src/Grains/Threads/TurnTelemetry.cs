using System.Diagnostics;
using CodexOrleans.Grains.Turns;

namespace CodexOrleans.Grains.Threads;

/// <summary>
/// What is told of one turn to whoever watches the server: figures, and a span if somebody traces. Neither holds a prompt, an answer or a
/// path. The span is a child of the request's and ends later than that, with the turn.
/// </summary>
/// <param name="metrics">Null for a rehearsal, which is no turn of anybody's.</param>
internal sealed class TurnTelemetry(TurnMetrics? metrics, Activity? span, TimeProvider time)
{
    private readonly long _begin = time.GetTimestamp();
    private bool _hasEvents;
    private bool _ended;

    /// <summary>The turn's span, or null when nobody traces.</summary>
    public Activity? Span => span;

    /// <summary>Begins with the turn's slot. The span becomes the current one.</summary>
    public static TurnTelemetry Begin(
        TurnMetrics metrics, Guid threadId, Guid turnId, ThreadOptions options, bool rehearsal, TimeProvider time)
    {
        var span = rehearsal ? null : Tracing.Source.StartActivity("codex.turn");
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("codex.thread.id", threadId.ToString()).SetTag("codex.turn.id", turnId.ToString());
            span.SetTag("codex.sandbox", Word(options.Sandbox)).SetTag("gen_ai.request.model", options.Model);
        }

        return new TurnTelemetry(rehearsal ? null : metrics, span, time);
    }

    /// <summary>The turn is on disk.</summary>
    public void Accepted() => metrics?.Started();

    /// <summary>Events of the CLI are on disk. Called for each batch.</summary>
    public void Committed()
    {
        if (_hasEvents)
            return;
        _hasEvents = true;
        metrics?.FirstEvent(time.GetElapsedTime(_begin));
        span?.AddEvent(new ActivityEvent("codex.turn.first_event"));
    }

    /// <summary>The terminal event is on disk.</summary>
    public void Ended(TurnOutcome outcome) =>
        End(Word(outcome.Status), outcome.Status == TurnStatus.Failed ? outcome.ErrorCode ?? "turn_failed" : null, outcome.Usage);

    /// <summary>The turn goes on or ends elsewhere, or was never begun.</summary>
    public void Lost(string error)
    {
        if (!_ended)
            End("lost", error, null);
    }

    /// <summary>The turn was not accepted after all.</summary>
    public void Refused(string code)
    {
        _ended = true;
        span?.SetTag("error.type", code).SetStatus(ActivityStatusCode.Error).Stop();
    }

    private void End(string outcome, string? error, TokenUsage? usage)
    {
        _ended = true;
        metrics?.Ended(outcome, error, usage, time.GetElapsedTime(_begin));
        if (span is null)
            return;
        span.SetTag("codex.turn.outcome", outcome);
        if (error is not null)
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        if (usage is not null)
        {
            span.SetTag("gen_ai.usage.input_tokens", usage.InputTokens)
                .SetTag("codex.usage.cached_input_tokens", usage.CachedInputTokens)
                .SetTag("gen_ai.usage.output_tokens", usage.OutputTokens);
        }

        span.Stop();
    }

    private static string Word(TurnStatus status) => status switch
    {
        TurnStatus.Completed => "completed",
        TurnStatus.Interrupted => "interrupted",
        _ => "failed",
    };

    private static string? Word(SandboxMode? sandbox) => sandbox switch
    {
        SandboxMode.ReadOnly => "read-only",
        SandboxMode.WorkspaceWrite => "workspace-write",
        SandboxMode.DangerFullAccess => "danger-full-access",
        _ => null,
    };
}
