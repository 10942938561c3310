using System.Security.Cryptography;
using System.Text;

namespace CodexOrleans.WebFront.Turns;

/// <summary>
/// By what the server knows the requests that it sends to itself while it warms up. Random for each process, told to nobody, and of
/// no use once the warm-up is over.
/// </summary>
internal sealed class RehearsalKey
{
    public const string Header = "Codex-Rehearsal";

    private byte[]? _key = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(64, lowercase: true));

    /// <summary>The header's value; null once discarded.</summary>
    public string? Text => Volatile.Read(ref _key) is { } key ? Encoding.ASCII.GetString(key) : null;

    /// <summary>Whether the server itself has sent this request. Compares in constant time.</summary>
    public bool Sent(HttpRequest request) =>
        Volatile.Read(ref _key) is { } key
        && request.Headers[Header] is [{ } text]
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(text), key);

    /// <summary>From now on no request is a rehearsal.</summary>
    public void Discard() => Volatile.Write(ref _key, null);
}
