using System.Security.Cryptography;
using System.Text;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

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
        var auth = options.Value;
        var widened = false;
        var token = auth.TokenHash is not null ? null : auth.Token ?? TokenFile.ReadOrCreate(data.TokenFile, out widened);
        if (widened)
            WasReadableByOthers(logger, data.TokenFile);
        // The operator's key is derived as it was before there were users, so that sessions from then stay open.
        var own = new Entry(User.Operator, token, auth.TokenHash, "codex-orleans session");
        _entries =
        [
            own,
            .. auth.Users.Select(user =>
                new Entry(new User(user.Name!, user.Admin), user.Token, user.TokenHash, $"codex-orleans session of {user.Name}")),
        ];
        if (_entries.Skip(1).FirstOrDefault(entry => entry.Hash.AsSpan().SequenceEqual(own.Hash)) is { } twice)
            throw new StartRefusedException(
                $"The token of user '{twice.User.Name}' (Auth:Users) is the one in '{data.TokenFile}', which is the operator's. Give "
                    + "the user another one.");
        _byName = _entries.ToDictionary(entry => entry.User.Name, StringComparer.Ordinal);
    }

    /// <summary>The SHA-256 that a token is known by.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

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

    /// <summary>
    /// Gives keys to users of whom only the token's hash is configured. Who has read the configuration must not be able to make sessions
    /// of it, so that something else goes into these keys.
    /// </summary>
    /// <param name="secret">Random, and the same for all servers that share sessions.</param>
    public void UseSecret(byte[] secret)
    {
        foreach (var entry in _entries)
            entry.UseSecret(secret);
    }

    /// <summary>
    /// The user of that name with the key of what only the holder of the user's token can have been issued; it changes with the
    /// token.
    /// </summary>
    public bool TryGet(string name, out User user, out byte[] sessionKey)
    {
        var known = _byName.TryGetValue(name, out var entry);
        (user, sessionKey) = known ? (entry!.User, entry.SessionKey) : (User.Operator, []);
        return known;
    }

    [LoggerMessage(
        LogLevel.Warning,
        "Other users of this machine could read the token file {Path}; it is closed to them now. If they may have read it, delete "
            + "it and restart: a new token is made and every session ends.")]
    private static partial void WasReadableByOthers(ILogger logger, string path);

    private sealed class Entry
    {
        private readonly byte[] _purpose;
        private byte[]? _sessionKey;

        /// <param name="token">Or null, when only its <paramref name="hash"/> is known.</param>
        public Entry(User user, string? token, string? hash, string purpose)
        {
            User = user;
            Hash = token is null ? Convert.FromHexString(hash!) : UserTokens.Hash(token);
            _purpose = Encoding.UTF8.GetBytes(purpose);
            if (token is not null)
                _sessionKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(token), 32, info: _purpose);
        }

        public User User { get; }

        public byte[] Hash { get; }

        public byte[] SessionKey =>
            _sessionKey ?? throw new InvalidOperationException("There are no sessions before the database is open.");

        public void UseSecret(byte[] secret) =>
            _sessionKey ??= HKDF.DeriveKey(HashAlgorithmName.SHA256, Hash, 32, salt: secret, info: _purpose);
    }
}
