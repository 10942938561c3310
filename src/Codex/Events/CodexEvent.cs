using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodexOrleans.Codex.Events;

/// <summary>
/// An event of a turn, for reading only: lines are relayed as they came and never written from these types. This base type stands for an
/// unknown event type, which a newer CLI may print.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = true)]
[JsonDerivedType(typeof(TurnSubmittedEvent), "turn.submitted")]
[JsonDerivedType(typeof(ThreadStartedEvent), "thread.started")]
[JsonDerivedType(typeof(TurnStartedEvent), "turn.started")]
[JsonDerivedType(typeof(TurnCompletedEvent), "turn.completed")]
[JsonDerivedType(typeof(TurnFailedEvent), "turn.failed")]
[JsonDerivedType(typeof(ItemStartedEvent), "item.started")]
[JsonDerivedType(typeof(ItemUpdatedEvent), "item.updated")]
[JsonDerivedType(typeof(ItemCompletedEvent), "item.completed")]
[JsonDerivedType(typeof(ErrorEvent), "error")]
public record CodexEvent
{
    /// <summary>Members that are not known here.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>The line's <c>type</c>.</summary>
    [JsonIgnore]
    public string Type { get; internal set; } = "";
}

/// <summary>A turn was accepted by the server: once, before everything else of the turn. The server's own event, not the CLI's.</summary>
public sealed record TurnSubmittedEvent : CodexEvent
{
    public Guid TurnId { get; init; }

    public string Prompt { get; init; } = "";

    /// <summary>The options the turn runs with, the thread's earlier ones included.</summary>
    public ThreadOptions Options { get; init; } = new();

    /// <summary>JSON Schema that the final message follows, or null.</summary>
    public JsonElement? OutputSchema { get; init; }

    /// <summary>Paths of images, or null.</summary>
    public IReadOnlyList<string>? Images { get; init; }
}

/// <summary>The CLI opened or resumed its session: once in each turn, first of the CLI's events.</summary>
public sealed record ThreadStartedEvent : CodexEvent
{
    /// <summary>The thread's id. A server puts its own here, the one its clients can use.</summary>
    public string ThreadId { get; init; } = "";
}

/// <summary>The prompt was handed to the model: once in each turn, unless the CLI failed before.</summary>
public sealed record TurnStartedEvent : CodexEvent;

/// <summary>The turn is done: its last event.</summary>
public sealed record TurnCompletedEvent : CodexEvent
{
    /// <summary>What the CLI counted, over the WHOLE thread so far, not for this turn alone.</summary>
    public TokenUsage? Usage { get; init; }
}

/// <summary>The turn has failed or was stopped: its last event.</summary>
public sealed record TurnFailedEvent : CodexEvent
{
    public CodexError Error { get; init; } = new();
}

/// <summary>An item has begun: at most once for each item; some items are only ever completed.</summary>
public sealed record ItemStartedEvent : CodexEvent
{
    public CodexItem Item { get; init; } = new();
}

/// <summary>An open item has changed, such as a to-do list: any number of times between start and completion.</summary>
public sealed record ItemUpdatedEvent : CodexEvent
{
    public CodexItem Item { get; init; } = new();
}

/// <summary>An item is final: once for each item, before the turn's last event.</summary>
public sealed record ItemCompletedEvent : CodexEvent
{
    public CodexItem Item { get; init; } = new();
}

/// <summary>Something went wrong; often only a notice that the CLI tries again. Never the turn's last event.</summary>
public sealed record ErrorEvent : CodexEvent
{
    public string Message { get; init; } = "";
}

/// <summary>Why a turn failed.</summary>
public sealed record CodexError
{
    public string Message { get; init; } = "";

    /// <summary>One of <see cref="FailureCodes"/> when the server wrote the event; null for the CLI's own.</summary>
    public string? Code { get; init; }
}
