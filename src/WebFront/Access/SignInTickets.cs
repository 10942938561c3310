using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace CodexOrleans.WebFront.Access;

/// <summary>One-time tickets for sign-in links. Only their hashes are kept, in memory, until they are used or expire.</summary>
internal sealed class SignInTickets(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, TimeSpan> _expiryByHash = new();

    public string Issue()
    {
        foreach (var (hash, expiry) in _expiryByHash)
        {
            if (expiry <= Now())
                _expiryByHash.TryRemove(hash, out _);
        }

        var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _expiryByHash[Hash(ticket)] = Now() + Lifetime;
        return ticket;
    }

    /// <summary>Whether the ticket could be redeemed now.</summary>
    public bool IsOpen(string ticket) => _expiryByHash.TryGetValue(Hash(ticket), out var expiry) && expiry > Now();

    /// <summary>True once for each ticket, within its lifetime.</summary>
    public bool Redeem(string ticket) => _expiryByHash.TryRemove(Hash(ticket), out var expiry) && expiry > Now();

    /// <summary>By a clock that nobody sets: no step of the machine's clock makes a ticket expire or live on.</summary>
    private TimeSpan Now() => time.GetElapsedTime(0);

    private static string Hash(string ticket) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(ticket)));
}
