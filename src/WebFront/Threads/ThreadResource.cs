using System.Text.Json;
using System.Text.Json.Serialization;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Threads;

/// <summary>A thread as callers see it.</summary>
/// <param name="CodexThreadId">The CLI's own id of the session, or null when it never told one.</param>
/// <param name="HeadSeq">Number of the last event.</param>
/// <param name="Options">What the thread's next turn runs with unless it says otherwise.</param>
/// <param name="Usage">Tokens of all turns together.</param>
/// <param name="Turns">The newest turns, newest first.</param>
internal sealed record ThreadResource(
    Guid ThreadId,
    string? CodexThreadId,
    ThreadStatus Status,
    long HeadSeq,
    Guid? RunningTurnId,
    JsonElement Options,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    UsageResource? Usage,
    IReadOnlyList<TurnResource> Turns)
{
    public static ThreadResource Of(ThreadRecord thread, IEnumerable<TurnRecord> turns)
    {
        using var options = JsonDocument.Parse(thread.Options);
        return new(
            thread.Id,
            thread.CodexThreadId,
            thread.RunningTurnId is null ? ThreadStatus.Idle : ThreadStatus.Running,
            thread.HeadSeq,
            thread.RunningTurnId,
            options.RootElement.Clone(),
            DateTimeOffset.FromUnixTimeMilliseconds(thread.CreatedAt),
            DateTimeOffset.FromUnixTimeMilliseconds(thread.UpdatedAt),
            UsageResource.Of(thread.CumulativeUsage),
            [.. turns.Select(TurnResource.Of)]);
    }
}

/// <summary>Whether a turn of the thread runs.</summary>
[JsonConverter(typeof(JsonWords<ThreadStatus>))]
internal enum ThreadStatus
{
    Idle,
    Running,
}

/// <summary>A turn as callers see it.</summary>
/// <param name="FirstSeq">Number of its first event.</param>
/// <param name="LastSeq">Number of its terminal event; null while it runs.</param>
/// <param name="Usage">Its own tokens, or null when they are not known.</param>
internal sealed record TurnResource(
    Guid TurnId,
    TurnStatus Status,
    long FirstSeq,
    long? LastSeq,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    UsageResource? Usage,
    TurnError? Error)
{
    public static TurnResource Of(TurnRecord turn) => new(
        turn.Id,
        turn.Status,
        turn.FirstSeq,
        turn.LastSeq,
        DateTimeOffset.FromUnixTimeMilliseconds(turn.StartedAt),
        turn.EndedAt is { } ended ? DateTimeOffset.FromUnixTimeMilliseconds(ended) : null,
        UsageResource.Of(turn.Usage),
        turn.Status is TurnStatus.Failed or TurnStatus.Interrupted
            ? new(turn.ErrorCode ?? TurnError.DefaultCode, turn.ErrorMessage ?? "")
            : null);
}
