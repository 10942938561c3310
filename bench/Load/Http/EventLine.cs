using System.Buffers.Text;

namespace CodexOrleans.Load.Http;

internal enum EventLineKind
{
    Other,
    Item,
    Text,
    NumberedText,
    Completed,
    Failed,
}

/// <summary>What the generator must know of a line of the CLI; it is looked for, not parsed, and any JSON writer's spacing is right.</summary>
internal static class EventLine
{
    public static EventLineKind Read(ReadOnlySpan<byte> line, out int number, out long writtenAt)
    {
        number = -1;
        writtenAt = 0;
        var type = After(line, "\"type\":"u8);
        if (type.StartsWith("\"item.completed\""u8))
        {
            var text = After(type[16..], "\"text\":"u8);
            if (text.IsEmpty)
                return EventLineKind.Item;
            return TryReadNumber(text, out number, out writtenAt) ? EventLineKind.NumberedText
                : type.IndexOf("\"agent_message\""u8) >= 0 ? EventLineKind.Text
                : EventLineKind.Item;
        }

        return type.StartsWith("\"item."u8) ? EventLineKind.Item
            : type.StartsWith("\"turn.completed\""u8) ? EventLineKind.Completed
            : type.StartsWith("\"turn.failed\""u8) ? EventLineKind.Failed
            : EventLineKind.Other;
    }

    /// <summary>Reads <c>"number nanoseconds …</c>, the beginning of the fake CLI's texts.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> value, out int number, out long writtenAt)
    {
        writtenAt = 0;
        number = -1;
        value = value.TrimStart((byte)' ');
        if (value.Length == 0 || value[0] != (byte)'"' || !Utf8Parser.TryParse(value[1..], out number, out int digits))
            return false;
        value = value[(1 + digits)..];
        return value.Length > 1 && value[0] == (byte)' ' && Utf8Parser.TryParse(value[1..], out writtenAt, out _);
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        var at = line.IndexOf(name);
        return at < 0 ? default : line[(at + name.Length)..].TrimStart((byte)' ');
    }
}
