namespace CodexOrleans.WebFront.Access;

/// <summary>Who calls.</summary>
/// <param name="IsAdmin">Whether the caller may see the administration pages.</param>
internal sealed record User(string Name, bool IsAdmin)
{
    /// <summary>The claim value of <see cref="IsAdmin"/>.</summary>
    public const string AdminRole = "admin";

    /// <summary>Who holds the server's own token; with authentication off, everybody.</summary>
    public static User Operator { get; } = new("operator", IsAdmin: true);
}
