namespace CodexOrleans.WebFront.Access;

/// <summary>An open session of a browser. Also a feature of the requests that came with its cookie.</summary>
/// <param name="Id">Random.</param>
/// <param name="ExpiresAt">Unix seconds, UTC.</param>
internal sealed record BrowserSession(User User, Guid Id, long ExpiresAt);
