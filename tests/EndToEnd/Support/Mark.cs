using System.Globalization;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A number for <c>sleep</c> that no other process on the machine sleeps for, so that it names this one.</summary>
public static class Mark
{
    /// <summary>A day, and a fraction of a second that nobody else has.</summary>
    public static string New() => string.Create(CultureInfo.InvariantCulture, $"86400.{Random.Shared.Next(100_000_000, 1_000_000_000)}");
}
