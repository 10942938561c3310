using System.Security.Cryptography;
using System.Text;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.Storage;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>
/// The secrets that open the server: the operator's, and those of the configured users. Kept as hashes and derived keys only, so that
/// nothing can print them by accident.
/// </summary>
internal sealed partial class UserTokens
{
    private readonly Entry[] _entries;
    private readonly Dictionary<string, Entry> _byName;

    public UserTokens(IOptions<AuthOptions> options, DataDirectory data, ILogger<UserTokens> logger)
    {
        var widened = false;
        var token = options.Value.Token ?? TokenFile.ReadOrCreate(data.TokenFile, out widened);
        if (widened)
            WasReadableByOthers(logger, data.TokenFile);
        if (options.Value.Users.FirstOrDefault(user => user.Token == token) is { } twice)
            throw new StartRefusedException($"The token of user '{twice.Name}' (Auth:Users) is the one in '{data.TokenFile}', which is the operator's. Give the user another one.");
        // The operator's key is older than users are: sessions of then hold on.
        _entries =
        [
            Derive(User.Operator, token, "codex-orleans session"),
            .. options.Value.Users.Select(user => Derive(new User(user.Name!, user.Admin), user.Token!, $"codex-orleans session of {user.Name}")),
        ];
        _byName = _entries.ToDictionary(entry => entry.User.Name, StringComparer.Ordinal);
    }

    /// <summary>Whose token this is, or null. Takes the same time whoever's it is, and nearly the same when it is nobody's.</summary>
    public User? Find(string candidate)
    {
        if (candidate.Length > AuthOptions.MaxTokenLength)
            return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(candidate), hash);
        User? found = null;
        foreach (var entry in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, entry.Hash))
                found = entry.User;
        }

        return found;
    }

    /// <summary>The user of that name with the key of what only the holder of the user's token can have been issued; it changes with the token.</summary>
    public bool TryGet(string name, out User user, out byte[] sessionKey)
    {
        var known = _byName.TryGetValue(name, out var entry);
        (user, sessionKey) = known ? (entry.User, entry.SessionKey) : (User.Operator, []);
        return known;
    }

    private static Entry Derive(User user, string token, string purpose)
    {
        var bytes = Encoding.UTF8.GetBytes(token);
        return new Entry(user, SHA256.HashData(bytes), HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, 32, info: Encoding.UTF8.GetBytes(purpose)));
    }

    [LoggerMessage(LogLevel.Warning, "Other users of this machine could read the token file {Path}; it is closed to them now. If they may have read it, delete it and restart: a new token is made and every session ends.")]
    private static partial void WasReadableByOthers(ILogger logger, string path);

    private readonly record struct Entry(User User, byte[] Hash, byte[] SessionKey);
}
