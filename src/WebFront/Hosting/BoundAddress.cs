using System.Net;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>An address the server listens on, as Kestrel names it.</summary>
internal static class BoundAddress
{
    private const string UnixPrefix = "http://unix:";

    /// <summary>Path of the socket when the address is one, such as <c>http://unix:/run/codex.sock</c>; else null.</summary>
    public static string? UnixSocket(string address) =>
        address.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase) ? address[UnixPrefix.Length..] : null;

    /// <summary>True when only processes of this machine reach it.</summary>
    public static bool IsLoopback(string address) =>
        UnixSocket(address) is not null || IsLoopbackHost(address);

    private static bool IsLoopbackHost(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    /// <summary>A form that a browser on this machine can open: wildcards become the loopback address.</summary>
    public static string ForLocalBrowser(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
            return address;
        var any = IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return any ? $"{uri.Scheme}://127.0.0.1:{uri.Port}" : address;
    }
}
