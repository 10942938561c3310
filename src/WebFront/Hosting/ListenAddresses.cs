using System.Net;
using System.Text;
using CodexOrleans.Silo.Hosting;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>Where the server is told to listen: <c>--urls</c>, and the endpoints of section <c>Kestrel</c>.</summary>
internal static class ListenAddresses
{
    /// <summary>As the kernel takes it, without the zero at its end.</summary>
    private const int LongestSocketPath = 107;

    /// <exception cref="StartRefusedException">One of them cannot be listened on by anybody.</exception>
    public static void Check(IConfiguration configuration)
    {
        var urls = Split(configuration["urls"]);
        if (urls.Length == 0)
            throw new StartRefusedException("urls is empty. Name an address, such as http://127.0.0.1:8000, or leave it out.");
        foreach (var address in urls)
            Check(address, "urls");
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren())
        {
            if (endpoint["Url"] is { } address)
                Check(address, $"{endpoint.Path}:Url");
        }
    }

    public static string[] Split(string? urls) =>
        (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static void Check(string address, string setting)
    {
        if (Problem(address) is { } problem)
            throw new StartRefusedException($"{setting} has '{address}': {problem}.");
    }

    private static string? Problem(string address)
    {
        BindingAddress parsed;
        try
        {
            parsed = BindingAddress.Parse(address);
        }
        catch (FormatException)
        {
            return "it must be an address such as http://127.0.0.1:8000, https://0.0.0.0:8443 or http://unix:/run/codex.sock";
        }

        if (parsed.Scheme.ToLowerInvariant() is not ("http" or "https"))
            return "it must begin with http:// or https://";
        if (parsed.PathBase.Length > 0)
            return "it must end with the port; the server's paths are its own";
        if (parsed.IsUnixPipe)
        {
            var tooLong = Encoding.UTF8.GetByteCount(parsed.UnixPipePath) > LongestSocketPath;
            return tooLong ? $"the path of a socket has at most {LongestSocketPath} bytes" : null;
        }

        // What does not begin with a slash or is no number counts as a part of the name, and every name as all of the machine's addresses.
        if (parsed.Host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
            return "the path of a socket must be absolute: http://unix:/run/codex.sock";
        if (!parsed.Host.StartsWith('[') && parsed.Host.Contains(':'))
            return "its port is no number";
        if (parsed.Port is < 0 or > IPEndPoint.MaxPort)
            return $"its port must lie between 0 and {IPEndPoint.MaxPort}";
        if (parsed.Port == 0 && parsed.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return "localhost is two addresses, which have no free port in common; write http://127.0.0.1:0";
        return null;
    }
}
