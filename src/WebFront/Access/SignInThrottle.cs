using System.Net;

namespace CodexOrleans.WebFront;

/// <summary>Slows down the guessing of tokens at sign-in: a few wrong ones per address and minute, then none is even looked at.</summary>
internal sealed class SignInThrottle(TimeProvider time)
{
    public const int MaxFailures = 10;

    private const int MaxAddresses = 10_000;

    private static readonly TimeSpan _window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (int Count, TimeSpan Ends)> _failures = [];

    /// <summary>Seconds until the address may try again, or null when it may now.</summary>
    public int? Wait(IPAddress? address)
    {
        lock (_lock)
        {
            return _failures.TryGetValue(Key(address), out var failures) && failures.Count >= MaxFailures && failures.Ends > Now()
                ? (int)Math.Ceiling((failures.Ends - Now()).TotalSeconds)
                : null;
        }
    }

    public void Failed(IPAddress? address)
    {
        var key = Key(address);
        lock (_lock)
        {
            var now = Now();
            if (_failures.Count >= MaxAddresses)
                Forget(now);
            var open = _failures.TryGetValue(key, out var failures) && failures.Ends > now;
            _failures[key] = open ? (failures.Count + 1, failures.Ends) : (1, now + _window);
        }
    }

    private void Forget(TimeSpan now)
    {
        foreach (var (address, (_, ends)) in _failures)
        {
            if (ends <= now)
                _failures.Remove(address);
        }

        // Guessing from so many addresses at once is no longer told apart by address; memory stays bounded.
        if (_failures.Count >= MaxAddresses)
            _failures.Clear();
    }

    /// <summary>By a clock that nobody sets: no step of the machine's clock ends a wait or prolongs it.</summary>
    private TimeSpan Now() => time.GetElapsedTime(0);

    private static IPAddress Key(IPAddress? address) => address?.MapToIPv6() ?? IPAddress.IPv6None;
}
