using System.Security.Cryptography;
using System.Text;
using CodexOrleans.Storage;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>The secret that opens the server. Kept as hash and derived key only, so that nothing can print it by accident.</summary>
internal sealed partial class ServerToken
{
    private readonly byte[] _hash;

    public ServerToken(IOptions<AuthOptions> options, DataDirectory data, ILogger<ServerToken> logger)
    {
        var widened = false;
        var token = options.Value.Token ?? TokenFile.ReadOrCreate(data.TokenFile, out widened);
        if (widened)
            WasReadableByOthers(logger, data.TokenFile);
        var bytes = Encoding.UTF8.GetBytes(token);
        _hash = SHA256.HashData(bytes);
        SessionKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, 32, info: "codex-orleans session"u8.ToArray());
    }

    /// <summary>Key of what only this token's owner can have issued; it changes with the token.</summary>
    public byte[] SessionKey { get; }

    /// <summary>Compares in constant time, whatever the candidate's length.</summary>
    public bool Is(string candidate) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), _hash);

    [LoggerMessage(LogLevel.Warning, "Other users of this machine could read the token file {Path}; it is closed to them now. If they may have read it, delete it and restart: a new token is made and every session ends.")]
    private static partial void WasReadableByOthers(ILogger logger, string path);
}
