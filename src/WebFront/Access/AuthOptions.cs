using System.Net;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

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
    /// Host names, beside the loopback ones, that requests may name: exact, without port. Needed when the server is reached by
    /// another name, such as through a proxy. Default none.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>
    /// Addresses or networks (<c>10.1.0.0/16</c>) of proxies, beside those on this machine, that are believed when they say by
    /// <c>X-Forwarded-Proto</c> that the browser's side is https. Without it the page does not work behind a TLS proxy elsewhere. Default
    /// none.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>How long a browser stays signed in. Default 30 days.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary><see cref="TrustedProxies"/> as networks; what is neither address nor network is left out.</summary>
    internal IEnumerable<IPNetwork> TrustedNetworks => TrustedProxies.Select(ParseNetwork).OfType<IPNetwork>();

    /// <summary>Shortest token that guessing does not find.</summary>
    public const int MinTokenLength = 32;

    internal static IPNetwork? ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}

/// <summary>How callers prove who they are.</summary>
public enum AuthMode
{
    /// <summary>By the server's token, or by the session that it opened.</summary>
    Token,

    /// <summary>Not at all. The server then listens on loopback addresses only.</summary>
    None,
}

internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        List<string> problems = [];
        if (!Enum.IsDefined(options.Mode))
            problems.Add("Auth:Mode must be Token or None.");
        if (options.Token is { } token && (token.Length < AuthOptions.MinTokenLength || token.Any(c => c is <= ' ' or > '~')))
            problems.Add($"Auth:Token must have at least {AuthOptions.MinTokenLength} printable ASCII characters without spaces (for one, run: openssl rand -hex 32), or be left out: then the server generates one.");
        if (options.SessionLifetime < TimeSpan.FromMinutes(1))
            problems.Add("Auth:SessionLifetime must be at least one minute (00:01:00).");
        foreach (var host in options.AllowedHosts.Where(host => host.Length == 0 || host.Contains('*') || new HostString(host).Port is not null || host.Contains('/')))
            problems.Add($"Auth:AllowedHosts has '{host}': name each host exactly, without scheme, port or wildcard.");
        foreach (var proxy in options.TrustedProxies.Where(proxy => AuthOptions.ParseNetwork(proxy) is null))
            problems.Add($"Auth:TrustedProxies has '{proxy}': name each proxy by its IP address, or its network as in 10.1.0.0/16.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
