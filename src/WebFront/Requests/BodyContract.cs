using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CodexOrleans.WebFront.Requests;

/// <summary>What a record of a body says about its members. Made when the first body of its kind comes.</summary>
internal sealed class BodyContract
{
    private static readonly ConcurrentDictionary<JsonTypeInfo, BodyContract> _contracts = new();

    private readonly JsonTypeInfo _type;
    private readonly FrozenDictionary<string, BodyMember> _members;

    private BodyContract(JsonTypeInfo type)
    {
        _type = type;
        _members = type.Properties.Select(property => new BodyMember(property)).ToFrozenDictionary(member => member.Name);
    }

    public IEnumerable<BodyMember> Members => _members.Values;

    /// <param name="type">Of a class with a constructor without parameters, and members that can be set.</param>
    public static BodyContract Of(JsonTypeInfo type) => _contracts.GetOrAdd(type, static type => new BodyContract(type));

    public object Create() => _type.CreateObject!();

    public BodyMember? Find(string name) => _members.GetValueOrDefault(name);
}

/// <summary>
/// A member with what its type and attributes demand. Of a list <see cref="MaxLengthAttribute"/> bounds the list, and all other
/// attributes hold for each of its values.
/// </summary>
internal sealed class BodyMember
{
    private readonly JsonPropertyInfo _property;
    private readonly ValidationAttribute[] _rules;

    public BodyMember(JsonPropertyInfo property)
    {
        _property = property;
        var attributes = (ValidationAttribute[])property.AttributeProvider!.GetCustomAttributes(typeof(ValidationAttribute), inherit: true);
        _rules = [.. attributes.Where(attribute => attribute is not MaxLengthAttribute)];
        Required = attributes.OfType<RequiredAttribute>().FirstOrDefault();
        MaxItems = attributes.OfType<MaxLengthAttribute>().FirstOrDefault()?.Length ?? 0;
        MaxCharacters = attributes.OfType<JsonObjectAttribute>().FirstOrDefault()?.MaxCharacters ?? long.MaxValue;
        Type = property.Options.GetTypeInfo(property.PropertyType);
        ValueType = Type.ElementType is { } element ? property.Options.GetTypeInfo(element) : Type;
    }

    public string Name => _property.Name;

    public JsonTypeInfo Type { get; }

    /// <summary>Of the member, or if it is a list, of each value in it.</summary>
    public JsonTypeInfo ValueType { get; }

    public RequiredAttribute? Required { get; }

    public int MaxItems { get; }

    /// <summary>How long the JSON text of the value may be.</summary>
    public long MaxCharacters { get; }

    /// <summary>What to tell the sender of a value of another type.</summary>
    public string Expected => (Nullable.GetUnderlyingType(ValueType.Type) ?? ValueType.Type) switch
    {
        { IsEnum: true } words => $"The value must be one of: {string.Join(", ", Enum.GetValues(words).Cast<object>().Select(Word))}.",
        var type when type == typeof(string) => "The value must be a string.",
        var type when type == typeof(bool) => "The value must be true or false.",
        var type when type == typeof(Guid) => "The value must be an id, which looks like 0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f.",
        var type when type == typeof(JsonElement) => "The value must be a JSON object that names no member twice.",
        _ => "The value must be a number that is not too large.",
    };

    public IList CreateList() => (IList)Type.CreateObject!();

    public void Set(object body, object? value)
    {
        if (value is not null)
            _property.Set!(body, value);
    }

    /// <summary>The first rule that the value breaks, or null.</summary>
    public ValidationAttribute? FirstBroken(object value) => Array.Find(_rules, rule => !rule.IsValid(value));

    private string Word(object value) => JsonSerializer.Serialize(value, ValueType).Trim('"');
}
