using System.Collections;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CodexOrleans.WebFront.Api;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// Reads the JSON object of a body into a record whose members, with their types and validation attributes, are the contract. Collects
/// everything that is wrong, by field.
/// </summary>
/// <remarks>
/// The serializer reads the values. It does not read the whole, because it stops at the first mistake, and because it builds lists and
/// documents of any length before a validator can refuse them.
/// </remarks>
internal sealed class BodyReader
{
    private const int MaxErrors = 50;
    private const int LongestNameShown = 64;

    private readonly Dictionary<string, string[]> _errors = [];
    private string? _faultOfAll;

    /// <summary>Reads the request's body and gives its memory back, as the request may live for hours.</summary>
    /// <param name="optional">Whether there may be no body, which reads as an empty object.</param>
    /// <returns>Null when there is a problem.</returns>
    public static T? Read<T>(HttpContext context, JsonTypeInfo<T> contract, out Problem? problem, bool optional = false)
        where T : class
    {
        using var body = JsonBody.Take(context);
        return Read(optional && body.Json.IsEmpty ? "{}"u8 : body.Json.Span, contract, out problem);
    }

    /// <param name="text">JSON in Unicode. Nothing of what is returned refers to it.</param>
    /// <returns>Null when there is a problem.</returns>
    public static T? Read<T>(ReadOnlySpan<byte> text, JsonTypeInfo<T> contract, out Problem? problem)
        where T : class
    {
        var reader = new BodyReader();
        try
        {
            var json = new Utf8JsonReader(text);
            json.Read();
            var body = (T?)reader.ReadObject("", ref json, text, BodyContract.Of(contract));
            // Fails when something follows.
            json.Read();
            problem = reader.Problem();
            return problem is null ? body : null;
        }
        catch (JsonException e)
        {
            var detail = $"The body is not valid JSON: see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.";
            problem = Problems.Of(ProblemCodes.InvalidJson, detail, errors: new Dictionary<string, string[]> { ["$"] = [detail] });
            return null;
        }
    }

    private Problem? Problem() =>
        _faultOfAll is not null ? Problems.Of(new Dictionary<string, string[]> { ["$"] = [_faultOfAll] })
        : _errors.Count > 0 ? Problems.Of(_errors)
        : null;

    private object? ReadObject(string path, ref Utf8JsonReader json, ReadOnlySpan<byte> text, BodyContract contract)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            if (path.Length == 0)
                _faultOfAll = "The body must be a JSON object.";
            else
                Fault(path.TrimEnd('.'), "The value must be an object.");
            return null;
        }

        var body = contract.Create();
        var names = new HashSet<string>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (!names.Add(name))
            {
                json.Skip();
                _faultOfAll = "The body names a field twice.";
            }
            else if (contract.Find(name) is not { } member)
            {
                json.Skip();
                Fault(path + name, "There is no such field.");
            }
            else if (json.TokenType != JsonTokenType.Null)
            {
                member.Set(body, ReadMember(path + name, ref json, text, member));
            }
            else if (member.Required is { } required)
            {
                // Of other fields null says the same as nothing.
                Fault(path + name, required.FormatErrorMessage(name));
            }
        }

        foreach (var member in contract.Members)
        {
            if (member.Required is { } required && !names.Contains(member.Name))
                Fault(path + member.Name, required.FormatErrorMessage(member.Name));
        }

        return body;
    }

    private object? ReadMember(string field, ref Utf8JsonReader json, ReadOnlySpan<byte> text, BodyMember member) => member.Type.Kind switch
    {
        JsonTypeInfoKind.Object => ReadObject(field + ".", ref json, text, BodyContract.Of(member.Type)),
        JsonTypeInfoKind.Enumerable => ReadList(field, ref json, text, member),
        _ => ReadValue(field, ref json, text, member),
    };

    private IList? ReadList(string field, ref Utf8JsonReader json, ReadOnlySpan<byte> text, BodyMember member)
    {
        var values = member.CreateList();
        var count = 0;
        var isList = json.TokenType == JsonTokenType.StartArray;
        if (!isList)
            json.Skip();
        while (isList && json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (++count > member.MaxItems)
                json.Skip();
            else if (ReadValue($"{field}[{count - 1}]", ref json, text, member) is { } value)
                values.Add(value);
        }

        if (isList && count <= member.MaxItems)
            return values;
        Fault(field, $"The value must be a list of at most {member.MaxItems} values.");
        return null;
    }

    private object? ReadValue(string field, ref Utf8JsonReader json, ReadOnlySpan<byte> text, BodyMember member)
    {
        var value = json;
        json.Skip();
        var length = json.BytesConsumed - value.TokenStartIndex;
        if (length > member.MaxCharacters
            && Encoding.UTF8.GetCharCount(text.Slice((int)value.TokenStartIndex, (int)length)) > member.MaxCharacters)
        {
            Fault(field, $"The value must not be longer than {member.MaxCharacters} characters.");
            return null;
        }

        object? result;
        try
        {
            result = JsonSerializer.Deserialize(ref value, member.ValueType);
        }
        catch (JsonException)
        {
            Fault(field, member.Expected);
            return null;
        }

        if (result is null)
            Fault(field, member.Expected);
        else if (member.FirstBroken(result) is { } rule)
            Fault(field, rule.FormatErrorMessage(field));
        return result;
    }

    private void Fault(string field, string message)
    {
        if (_errors.Count < MaxErrors)
            _errors.TryAdd(field.Length <= LongestNameShown ? field : field[..LongestNameShown] + "…", [message]);
    }
}
