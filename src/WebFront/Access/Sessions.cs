using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>
/// Browser sessions: a random id and an expiry, signed with a key derived from the token. Nothing is stored, so sessions outlive a
/// restart, hold on every front end with the same token, and all end when the token changes. The token cannot be had from one.
/// </summary>
internal sealed class Sessions(ServerToken token, IOptions<AuthOptions> options, TimeProvider time)
{
    private const int IdLength = 16;
    private const int SignedLength = IdLength + sizeof(long);
    private const int Length = SignedLength + HMACSHA256.HashSizeInBytes;

    public string Open()
    {
        Span<byte> session = stackalloc byte[Length];
        RandomNumberGenerator.Fill(session[..IdLength]);
        BinaryPrimitives.WriteInt64BigEndian(session[IdLength..], (time.GetUtcNow() + options.Value.SessionLifetime).ToUnixTimeSeconds());
        HMACSHA256.HashData(token.SessionKey, session[..SignedLength], session[SignedLength..]);
        return Base64Url.EncodeToString(session);
    }

    public bool IsOpen(string value)
    {
        Span<byte> session = stackalloc byte[Length];
        if (value.Length != Base64Url.GetEncodedLength(Length) || !Base64Url.TryDecodeFromChars(value, session, out var written) || written != Length)
            return false;
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(token.SessionKey, session[..SignedLength], signature);
        return CryptographicOperations.FixedTimeEquals(signature, session[SignedLength..])
            && BinaryPrimitives.ReadInt64BigEndian(session[IdLength..]) > time.GetUtcNow().ToUnixTimeSeconds();
    }
}
