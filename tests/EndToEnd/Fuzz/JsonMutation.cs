using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>Bodies: one that fits a schema, and what can be wrong with one.</summary>
/// <param name="known">Strings that mean something to the server, such as the id of a thread.</param>
public sealed class JsonMutation(Random random, ApiDocument document, IReadOnlyList<string> known)
{
    private static readonly byte[] _byteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>A body for the schema, broken more often than not; any JSON when there is no schema.</summary>
    public byte[] Body(JsonElement? schema)
    {
        var members = Members(schema);
        // Most of them start nothing: a turn is more work than its refusal.
        return random.Next(24) switch
        {
            0 => Bytes(Object(members)),
            1 => [.. _byteOrderMark, .. Bytes(Object(members))],
            2 => [],
            3 => Bytes(Object(members.Skip(1))),
            4 => Bytes(Object([.. members, .. members])),
            5 => Bytes(Object([.. members, (Name(), Value())])),
            6 => Bytes(Object(Replace(members, Value()))),
            7 => Bytes(Object(Replace(members, "null"))),
            8 => Bytes(Object(Replace(members, Number()))),
            9 => Bytes(Object(Replace(members, $"\"{new string('x', random.Next(100_000))}\""))),
            10 => Bytes(Object(Replace(members, $"\"a{Surrogate()}b\""))),
            11 => Bytes(Object([.. members, ($"a{Surrogate()}", Value())])),
            12 => Bytes(Object(Replace(members, $"{{\"a\":[{{\"b{Surrogate()}\":\"{Surrogate()}\"}}]}}"))),
            13 => Insert(Bytes(Object(members)), InvalidUtf8()),
            14 => Bytes(Object(Replace(members, Nested(random.Next(2, 2_000))))),
            15 => Bytes(Nested(random.Next(2, 5_000))),
            16 => Truncate(Bytes(Object(members))),
            17 => Flip(Bytes(Object(members))),
            18 => Insert(Bytes(Object(members)), [(byte)random.Next(256)]),
            19 => Random(random.Next(300)),
            20 => Bytes(Value()),
            21 => Bytes(Syntax(Object(members))),
            22 => Bytes(Object(Enumerable.Range(0, random.Next(2_000)).Select(i => ($"f{i}", "0")))),
            _ => Bytes(Object(Replace(members, $"\"\\u0000{Text()}\\u0000\""))),
        };
    }

    /// <summary>A string that may mean something.</summary>
    public string Text() => random.Next(5) switch
    {
        0 => known[random.Next(known.Count)],
        1 => document.Words[random.Next(document.Words.Count)],
        2 => random.Next().ToString(CultureInfo.InvariantCulture),
        3 => "/" + document.Words[random.Next(document.Words.Count)],
        _ => new string([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(0x20, 0x7f))]),
    };

    public byte[] Random(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Object(IEnumerable<(string Name, string Value)> members) =>
        $"{{{string.Join(',', members.Select(member => $"\"{member.Name}\":{member.Value}"))}}}";

    private static string Quote(string text) => JsonSerializer.Serialize(text);

    private List<(string Name, string Value)> Members(JsonElement? schema)
    {
        if (schema is null || !document.Resolve(schema.Value).TryGetProperty("properties", out var properties))
            return [(Name(), Value())];
        var required = document.Resolve(schema.Value).TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()).ToList()
            : [];
        return
        [
            .. properties.EnumerateObject()
                .Where(property => required.Contains(property.Name) || random.Next(4) == 0)
                .Select(property => (property.Name, Fitting(property.Value))),
        ];
    }

    private string Fitting(JsonElement schema)
    {
        schema = document.Resolve(schema);
        var type = !schema.TryGetProperty("type", out var types) ? "object"
            : types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Select(one => one.GetString()).Last(one => one != "null")!
            : types.GetString()!;
        return type switch
        {
            "string" => Quote(Text()),
            "boolean" => random.Next(2) == 0 ? "true" : "false",
            "integer" or "number" => random.Next(1_000).ToString(CultureInfo.InvariantCulture),
            "array" => $"[{string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => Fitting(schema.GetProperty("items"))))}]",
            _ => "{\"type\":\"object\"}",
        };
    }

    private string Name() => random.Next(4) == 0 ? "" : JsonEncodedText.Encode(Text()).ToString();

    private string Value() => random.Next(7) switch
    {
        0 => "null",
        1 => random.Next(2) == 0 ? "true" : "false",
        2 => Number(),
        3 => "[]",
        4 => "{}",
        5 => $"[{Quote(Text())},{Number()},null]",
        _ => Quote(Text()),
    };

    private string Number() => random.Next(7) switch
    {
        0 => "1e999",
        1 => new string('9', random.Next(1, 2_000)),
        2 => "-0",
        3 => "0.1e-400",
        4 => long.MinValue.ToString(CultureInfo.InvariantCulture),
        5 => "1.5",
        _ => random.Next().ToString(CultureInfo.InvariantCulture),
    };

    private string Surrogate() => random.Next(4) switch
    {
        0 => "\\ud83d",
        1 => "\\uDE00",
        2 => "\\udbff\\u0041",
        _ => "\\ud83d\\ude00",
    };

    private byte[] InvalidUtf8() => random.Next(5) switch
    {
        0 => [0xff],
        1 => [0xc0, 0xaf],
        2 => [0xed, 0xa0, 0x80],
        3 => [0xf4, 0x90, 0x80, 0x80],
        _ => [0xe2, 0x82],
    };

    private string Nested(int depth) => random.Next(2) == 0
        ? new string('[', depth) + new string(']', depth)
        : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    private string Syntax(string json) => random.Next(6) switch
    {
        0 => json + ",",
        1 => "/* c */" + json,
        2 => json.Replace('"', '\''),
        3 => json.Replace(":", ":NaN,", StringComparison.Ordinal),
        4 => json + json,
        _ => json.Replace("}", ",}", StringComparison.Ordinal),
    };

    private List<(string Name, string Value)> Replace(List<(string Name, string Value)> members, string value)
    {
        var replaced = members.Count == 0 ? [(Name(), value)] : members.ToList();
        var at = random.Next(replaced.Count);
        replaced[at] = (replaced[at].Name, value);
        return replaced;
    }

    private byte[] Insert(byte[] bytes, byte[] what)
    {
        var at = random.Next(bytes.Length + 1);
        return [.. bytes[..at], .. what, .. bytes[at..]];
    }

    private byte[] Truncate(byte[] bytes) => bytes[..random.Next(bytes.Length)];

    private byte[] Flip(byte[] bytes)
    {
        for (var i = random.Next(1, 4); i > 0; i--)
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }
}
