using System.Text;
using Google.Protobuf;

namespace CodexOrleans.TestSupport.Telemetry;

/// <summary>One protobuf message, read without its schema: the values of each field, by number.</summary>
public sealed class OtlpMessage
{
    private readonly ILookup<int, object> _fields;

    private OtlpMessage(IEnumerable<(int Field, object Value)> fields) => _fields = fields.ToLookup(field => field.Field, field => field.Value);

    public static OtlpMessage Parse(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        var fields = new List<(int, object)>();
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => (ulong)input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                var other => throw new InvalidDataException($"OTLP has no fields of wire type {other}."),
            };
            fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }

        return new OtlpMessage(fields);
    }

    public IEnumerable<OtlpMessage> Messages(int field) => _fields[field].Select(value => Parse((byte[])value));

    public OtlpMessage? Message(int field) => Messages(field).FirstOrDefault();

    public string Text(int field) => _fields[field].FirstOrDefault() is byte[] bytes ? Encoding.UTF8.GetString(bytes) : "";

    public string Hex(int field) => _fields[field].FirstOrDefault() is byte[] bytes ? Convert.ToHexStringLower(bytes) : "";

    public long? Number(int field) => _fields[field].FirstOrDefault() is ulong number ? (long)number : null;

    public double? Real(int field) => _fields[field].FirstOrDefault() is ulong bits ? BitConverter.UInt64BitsToDouble(bits) : null;

    /// <summary>The attributes that a field holds, as text.</summary>
    public IReadOnlyDictionary<string, string> Attributes(int field)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var pair in Messages(field))
            attributes[pair.Text(1)] = pair.Message(2)?.AnyValue() ?? "";
        return attributes;
    }

    /// <summary>This message as an <c>AnyValue</c>, as text.</summary>
    public string AnyValue() =>
        _fields[1].Any() ? Text(1)
        : Number(2) is { } boolean ? (boolean == 1 ? "true" : "false")
        : Number(3)?.ToString(System.Globalization.CultureInfo.InvariantCulture)
        ?? Real(4)?.ToString(System.Globalization.CultureInfo.InvariantCulture)
        ?? "";
}
