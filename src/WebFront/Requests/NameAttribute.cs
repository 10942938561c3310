using System.ComponentModel.DataAnnotations;

namespace CodexOrleans.WebFront.Requests;

/// <summary>A name that goes on as it is, and can be shown in one line.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NameAttribute()
    : ValidationAttribute($"The value must have 1 to {MaxCharacters} characters, none of them a control character.")
{
    public const int MaxCharacters = 256;

    public override bool IsValid(object? value) => value is string { Length: > 0 and <= MaxCharacters } name && !name.Any(char.IsControl);
}
