using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>Checks the whole section at start, so that all its problems are in one message. None of them shows a token.</summary>
internal sealed partial class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    private static readonly string _tokenRule =
        $"must have {AuthOptions.MinTokenLength} to {AuthOptions.MaxTokenLength} printable ASCII characters without spaces "
        + "(for one, run: openssl rand -hex 32)";

    private const string HashRule =
        "must be the SHA-256 of the token in 64 hexadecimal digits (to make it, run: printf %s \"$TOKEN\" | sha256sum)";

    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        List<string> problems = [];
        if (!Enum.IsDefined(options.Mode))
            problems.Add("Auth:Mode must be Token or None.");
        if (options.Token is { } token && !IsToken(token))
            problems.Add($"Auth:Token {_tokenRule}, or be left out: then the server generates one.");
        if (options.TokenHash is { } hash && !IsHash(hash))
            problems.Add($"Auth:TokenHash {HashRule}.");
        if (options is { Token: not null, TokenHash: not null })
            problems.Add("Auth:Token and Auth:TokenHash are both set: leave one of them out.");
        problems.AddRange(UserProblems(options));
        if (options.SessionLifetime < TimeSpan.FromMinutes(1))
            problems.Add("Auth:SessionLifetime must be at least one minute (00:01:00).");
        foreach (var host in options.AllowedHosts.Where(IsNoHost))
            problems.Add($"Auth:AllowedHosts has '{host}': name each host exactly, without scheme, port or wildcard.");
        foreach (var proxy in options.TrustedProxies.Where(proxy => AuthOptions.ParseNetwork(proxy) is null))
            problems.Add($"Auth:TrustedProxies has '{proxy}': name each proxy by its IP address, or its network as in 10.1.0.0/16.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> UserProblems(AuthOptions options)
    {
        if (options.Users.Count > AuthOptions.MaxUsers)
            yield return $"Auth:Users has {options.Users.Count} users; it may have {AuthOptions.MaxUsers}.";
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { [User.Operator.Name] = "the holder of Auth:Token" };
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        if (HashOf(options.Token, options.TokenHash) is { } own)
            tokens[own] = options.Token is null ? "Auth:TokenHash" : "Auth:Token";
        for (var i = 0; i < options.Users.Count; i++)
        {
            var (user, key) = (options.Users[i], $"Auth:Users:{i}");
            var secret = user.Token is null ? nameof(UserOptions.TokenHash) : nameof(UserOptions.Token);
            if (user.Name is not { } userName || !NamePattern().IsMatch(userName))
                yield return $"{key}:Name must have 1 to 64 letters, digits, dots, hyphens, underscores or at signs.";
            else if (!names.TryAdd(userName, key))
                yield return $"{key}:Name is '{userName}', which is already the name of {names[userName]}.";
            if (user is { Token: not null, TokenHash: not null })
                yield return $"{key}:Token and {key}:TokenHash are both set: leave one of them out.";
            else if (user.TokenHash is { } hash && !IsHash(hash))
                yield return $"{key}:TokenHash {HashRule}.";
            else if (user.TokenHash is null && !(user.Token is { } userToken && IsToken(userToken)))
                yield return $"{key}:Token {_tokenRule}.";
            else if (HashOf(user.Token, user.TokenHash) is { } known && !tokens.TryAdd(known, $"{key}:{secret}"))
                yield return $"{key}:{secret} is the same as {tokens[known]}: it could not be told who comes with it.";
        }
    }

    private static bool IsToken(string token) =>
        token.Length is >= AuthOptions.MinTokenLength and <= AuthOptions.MaxTokenLength && !token.Any(c => c is <= ' ' or > '~');

    private static bool IsHash(string hash) => hash.Length == 2 * SHA256.HashSizeInBytes && hash.All(char.IsAsciiHexDigit);

    private static string? HashOf(string? token, string? hash) =>
        token is null ? hash?.ToUpperInvariant() : Convert.ToHexString(UserTokens.Hash(token));

    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,64}\z")]
    private static partial Regex NamePattern();

    private static bool IsNoHost(string host) =>
        host.Length == 0 || host.Contains('*') || new HostString(host).Port is not null || host.Contains('/');
}
