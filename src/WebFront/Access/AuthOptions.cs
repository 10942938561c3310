using System.Net;

namespace CodexOrleans.WebFront.Access;

/// <summary>Who may use the server. Section <c>Auth</c>.</summary>
public sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>Default <see cref="AuthMode.Token"/>.</summary>
    public AuthMode Mode { get; set; } = AuthMode.Token;

    /// <summary>
    /// The token that opens the server, at least <see cref="MinTokenLength"/> characters; null (the default) generates one of 256
    /// bits into the data directory's file <c>token</c>. Changing it ends every session.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>
    /// SHA-256 of the token in hexadecimal, in place of <see cref="Token"/>: then neither configuration nor environment holds what opens
    /// the server, and no token file is made. Default null. Changing it ends every session of the operator.
    /// </summary>
    public string? TokenHash { get; set; }

    /// <summary>
    /// Further callers, each with a token of their own, beside the operator who has <see cref="Token"/>. Default none; at most
    /// <see cref="MaxUsers"/>.
    /// </summary>
    public IList<UserOptions> Users { get; } = [];

    /// <summary>
    /// Host names, beside the loopback ones, that requests may name: exact, without port. Needed when the server is reached by
    /// another name, such as through a proxy. Default none.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>
    /// Addresses or networks (<c>10.1.0.0/16</c>) of proxies, beside those on this machine, that are believed when they say by
    /// <c>X-Forwarded-Proto</c> that the browser's side is https, and by <c>X-Forwarded-For</c> who the client is. Without it the page does
    /// not work behind a TLS proxy elsewhere, and wrong tokens are counted for all clients of the proxy together. Default none.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>How long a browser stays signed in. Default 30 days.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary><see cref="TrustedProxies"/> as networks; what is neither address nor network is left out.</summary>
    internal IEnumerable<IPNetwork> TrustedNetworks => TrustedProxies.Select(ParseNetwork).OfType<IPNetwork>();

    /// <summary>Shortest token that guessing does not find.</summary>
    public const int MinTokenLength = 32;

    /// <summary>Longest token; a longer candidate is not even looked at.</summary>
    public const int MaxTokenLength = 1024;

    /// <summary>Each token that comes is compared with that of every user.</summary>
    public const int MaxUsers = 256;

    internal static IPNetwork? ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}

/// <summary>A caller with a name and a token. Section <c>Auth:Users</c>.</summary>
public sealed class UserOptions
{
    /// <summary>
    /// 1 to 64 letters, digits, dots, hyphens, underscores or at signs; unlike every other in more than case. <c>operator</c> is
    /// taken.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// The secret that shows who it is, as long as <see cref="AuthOptions.Token"/>. Changing or removing it ends the user's sessions.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>SHA-256 of the token in hexadecimal, in place of <see cref="Token"/>.</summary>
    public string? TokenHash { get; set; }

    /// <summary>Whether the user may see the administration pages. Default false.</summary>
    public bool Admin { get; set; }
}

/// <summary>How callers prove who they are.</summary>
public enum AuthMode
{
    /// <summary>By the server's token, or by the session that it opened.</summary>
    Token,

    /// <summary>Not at all. The server then listens on loopback addresses only.</summary>
    None,
}
