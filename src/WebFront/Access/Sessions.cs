using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Browser sessions: a random id and an expiry, signed with a key derived from the user's token, behind the user's name unless that is
/// the operator. None is stored, so sessions outlive a restart, hold on every front end with the same tokens, and a user's all end when
/// the user or the token goes; one that is signed out of is remembered by <see cref="EndedSessions"/>. What the user may do is not in it:
/// that is looked up each time. The token cannot be had from one.
/// </summary>
internal sealed class Sessions(UserTokens tokens, EndedSessions ended, IOptions<AuthOptions> options, TimeProvider time)
{
    private const int IdLength = 16;
    private const int SignedLength = IdLength + sizeof(long);
    private const int Length = SignedLength + HMACSHA256.HashSizeInBytes;

    public string Open(User user)
    {
        if (!tokens.TryGet(user.Name, out _, out var key))
            throw new ArgumentException($"There is no user '{user.Name}'.", nameof(user));
        Span<byte> session = stackalloc byte[Length];
        RandomNumberGenerator.Fill(session[..IdLength]);
        BinaryPrimitives.WriteInt64BigEndian(session[IdLength..], (time.GetUtcNow() + options.Value.SessionLifetime).ToUnixTimeSeconds());
        HMACSHA256.HashData(key, session[..SignedLength], session[SignedLength..]);
        var signed = Base64Url.EncodeToString(session);
        return user == User.Operator ? signed : $"{user.Name}.{signed}";
    }

    /// <summary>The session, or null when it is none that is open.</summary>
    public BrowserSession? Find(string value)
    {
        // Names may hold dots, the signed part holds none.
        var dot = value.LastIndexOf('.');
        var signed = value.AsSpan(dot + 1);
        if (signed.Length != Base64Url.GetEncodedLength(Length)
            || !tokens.TryGet(dot < 0 ? User.Operator.Name : value[..dot], out var user, out var key))
            return null;
        Span<byte> session = stackalloc byte[Length];
        if (Base64Url.DecodeFromChars(signed, session, out _, out var written) != OperationStatus.Done || written != Length)
            return null;
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, session[..SignedLength], signature);
        if (!CryptographicOperations.FixedTimeEquals(signature, session[SignedLength..]))
            return null;
        var expiry = BinaryPrimitives.ReadInt64BigEndian(session[IdLength..]);
        var found = new BrowserSession(user, new Guid(session[..IdLength], bigEndian: true), expiry);
        return found.ExpiresAt > time.GetUtcNow().ToUnixTimeSeconds() && !ended.Contains(found.Id) ? found : null;
    }
}
