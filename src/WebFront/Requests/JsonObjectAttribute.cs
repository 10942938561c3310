using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace CodexOrleans.WebFront.Requests;

/// <summary>A JSON object, passed on as it is.</summary>
/// <param name="maxCharacters">Longest text. What is longer is not even parsed.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class JsonObjectAttribute(int maxCharacters) : ValidationAttribute("The value must be a JSON object.")
{
    public int MaxCharacters => maxCharacters;

    public override bool IsValid(object? value) => value is JsonElement { ValueKind: JsonValueKind.Object };
}
