using System.Text;
using System.Text.Json;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>One server-sent event as it came.</summary>
/// <param name="Seq">Its <c>id:</c>; null for a marker such as <c>synced</c>.</param>
/// <param name="Name">Its event name; <see cref="DefaultName"/> when the frame names none.</param>
/// <param name="Data">The bytes of its data.</param>
public sealed record SseFrame(long? Seq, string Name, byte[] Data)
{
    /// <summary>What <c>EventSource.onmessage</c> listens to.</summary>
    public const string DefaultName = "message";

    public string Text => Encoding.UTF8.GetString(Data);

    /// <summary>True for events in the CLI's own vocabulary.</summary>
    public bool IsCodex => Seq is not null && Name == DefaultName;

    /// <summary>The event's <c>type</c>; the marker's name when there is no event.</summary>
    public string Type => Seq is null ? Name : Json.GetProperty("type").GetString()!;

    /// <summary>Type and, for item events, the item's type: <c>item.started/command_execution</c>.</summary>
    public string Kind => Seq is not null && Json.TryGetProperty("item", out var item) ? $"{Type}/{item.GetProperty("type").GetString()}" : Type;

    public bool IsTerminal => IsCodex && Type is "turn.completed" or "turn.failed";

    public JsonElement Json => field.ValueKind == JsonValueKind.Undefined ? field = JsonDocument.Parse(Data).RootElement : field;

    public override string ToString() => $"{Seq} {Name} {(Data.Length > 300 ? Text[..Math.Min(300, Text.Length)] + "…" : Text)}";
}
