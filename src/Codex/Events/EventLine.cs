using System.Text.Json;

namespace CodexOrleans.Codex.Events;

/// <summary>
/// The facts that a turn needs of one line of the CLI. They are found in one pass over its bytes, and kept as ranges of the line without a
/// copy.
/// </summary>
internal struct EventLine
{
    private static readonly JsonReaderOptions _options = new() { MaxDepth = EventBlock.MaxDepth };

    public EventType Type;

    /// <summary>Where the value of <c>thread_id</c> is, quotes included.</summary>
    public Range ThreadIdToken;

    /// <summary>Where the item's JSON is; empty when there is none.</summary>
    public Range Item;

    /// <summary>
    /// Where the item's FIRST <c>id</c> is, quotes included: a web_search item has two, <c>item_N</c> first and the search's own
    /// second. Empty when there is none.
    /// </summary>
    public Range ItemIdToken;

    /// <summary>Where the item's <c>status</c> is inside <see cref="Item"/>, quotes included; empty when it has none.</summary>
    public Range ItemStatusToken;

    public TokenUsage? Usage;

    public string? ErrorMessage;

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its line end. Must be valid UTF-8.</param>
    /// <returns>Null when it is an event, else what it is instead, in words.</returns>
    public static string? Read(ReadOnlySpan<byte> line, out EventLine facts)
    {
        facts = default;
        var reader = new Utf8JsonReader(line, _options);
        var hasType = false;
        try
        {
            if (!reader.Read())
                return "not JSON";
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                // The message calls a line JSON only if all of it is JSON.
                reader.Skip();
                return reader.Read() ? "not JSON" : "JSON, but not an object";
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    hasType = reader.TokenType == JsonTokenType.String;
                    if (hasType)
                        facts.Type = TypeOf(ref reader);
                    else
                        reader.Skip();
                }
                else if (reader.ValueTextEquals("item"u8))
                {
                    facts.ReadItem(ref reader);
                }
                else if (reader.ValueTextEquals("thread_id"u8))
                {
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.String)
                        facts.ThreadIdToken = TokenOf(reader);
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("usage"u8))
                {
                    facts.ReadUsage(ref reader);
                }
                else if (reader.ValueTextEquals("error"u8))
                {
                    facts.ReadError(ref reader);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            // Reads past the object: anything but white space there throws.
            reader.Read();
        }
        catch (JsonException)
        {
            return "not JSON";
        }

        return hasType ? null : "a JSON object without a string \"type\"";
    }

    private static EventType TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("item.completed"u8))
            return EventType.ItemCompleted;
        if (reader.ValueTextEquals("item.started"u8) || reader.ValueTextEquals("item.updated"u8))
            return EventType.ItemOpen;
        if (reader.ValueTextEquals("thread.started"u8))
            return EventType.ThreadStarted;
        if (reader.ValueTextEquals("turn.completed"u8))
            return EventType.TurnCompleted;
        return reader.ValueTextEquals("turn.failed"u8) ? EventType.TurnFailed : EventType.Other;
    }

    private void ReadItem(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = ItemIdToken.End.Value == 0 && reader.ValueTextEquals("id"u8);
            var isStatus = !isId && reader.ValueTextEquals("status"u8);
            reader.Read();
            if (isId && reader.TokenType == JsonTokenType.String)
                ItemIdToken = TokenOf(reader);
            else if (isStatus && reader.TokenType == JsonTokenType.String)
                ItemStatusToken = ((int)reader.TokenStartIndex - start)..((int)reader.BytesConsumed - start);
            reader.Skip();
        }

        Item = start..(int)reader.BytesConsumed;
    }

    private void ReadUsage(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        long input = 0, cached = 0, cacheWrite = 0, output = 0, reasoning = 0, unknown = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ref var figure = ref unknown;
            if (reader.ValueTextEquals("input_tokens"u8))
                figure = ref input;
            else if (reader.ValueTextEquals("cached_input_tokens"u8))
                figure = ref cached;
            else if (reader.ValueTextEquals("cache_write_input_tokens"u8))
                figure = ref cacheWrite;
            else if (reader.ValueTextEquals("output_tokens"u8))
                figure = ref output;
            else if (reader.ValueTextEquals("reasoning_output_tokens"u8))
                figure = ref reasoning;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value))
                figure = value;
            reader.Skip();
        }

        Usage = new TokenUsage
        {
            InputTokens = input,
            CachedInputTokens = cached,
            CacheWriteInputTokens = cacheWrite,
            OutputTokens = output,
            ReasoningOutputTokens = reasoning,
        };
    }

    private void ReadError(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMessage = reader.ValueTextEquals("message"u8);
            reader.Read();
            if (isMessage && reader.TokenType == JsonTokenType.String)
                ErrorMessage = TextOf(ref reader);
            reader.Skip();
        }
    }

    private static Range TokenOf(in Utf8JsonReader reader) => (int)reader.TokenStartIndex..(int)reader.BytesConsumed;

    private static string TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // An escaped half of a surrogate pair is valid JSON but not a valid string, so the message shows the raw bytes.
            return System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }
}

/// <summary>The types that a turn reacts to.</summary>
internal enum EventType
{
    Other,
    ThreadStarted,

    /// <summary><c>item.started</c> or <c>item.updated</c>.</summary>
    ItemOpen,
    ItemCompleted,
    TurnCompleted,
    TurnFailed,
}
