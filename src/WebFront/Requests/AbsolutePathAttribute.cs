using System.ComponentModel.DataAnnotations;

namespace CodexOrleans.WebFront.Requests;

/// <summary>An absolute path of a length that systems take.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AbsolutePathAttribute()
    : ValidationAttribute($"The value must be an absolute path of at most {MaxCharacters} characters.")
{
    public const int MaxCharacters = 4096;

    public override bool IsValid(object? value) =>
        value is string { Length: > 0 and <= MaxCharacters } path && !path.Contains('\0') && Path.IsPathFullyQualified(path);
}
