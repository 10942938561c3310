using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CodexOrleans.DemoModel;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.Storage;

namespace CodexOrleans.WebFront;

/// <summary>
/// <c>--demo</c>: the real CLI, with the scripted model of this very server behind it, in a CLI home and a data directory of its
/// own. The model sits on the server's own port behind a key that only the CLI is given.
/// </summary>
internal static class DemoMode
{
    private const string Prefix = "/demo/v1";
    private static readonly string _key = RandomNumberGenerator.GetHexString(64, lowercase: true);

    public static void AddDemo(this WebApplicationBuilder builder)
    {
        if (!IsOn(builder.Configuration))
            return;
        var data = builder.Configuration["DataDirectory"] ?? DataDirectory.DefaultPath + "-demo";
        var home = Path.Combine(Path.GetFullPath(data), "codex-home");
        var settings = new Dictionary<string, string?>
        {
            ["DataDirectory"] = data,
            ["urls"] = KnownAddress(builder.Configuration["urls"]!, out var ownAddress),
            ["Codex:Home"] = home,
            [$"Codex:Environment:{DemoProvider.KeyVariable}"] = _key,
        };
        foreach (var (key, value) in DemoProvider.Configuration(ownAddress + Prefix))
            settings[$"Codex:ConfigOverrides:{key}"] = value;
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddHostedService(services => new DemoHome(services.GetRequiredService<DataDirectory>()));
    }

    public static void MapDemo(this WebApplication app)
    {
        if (IsOn(app.Configuration))
            app.MapDemoModel(Prefix, new DemoModelOptions { Key = _key }).AllowAnonymous().WithMetadata(new BodyLimit(DemoModelEndpoint.MaxRequestBytes));
    }

    private static bool IsOn(IConfiguration configuration) => configuration.GetValue<bool>("Demo");

    /// <summary>The CLI must be told the model's address before the server listens, so "any free port" is chosen here.</summary>
    private static string KnownAddress(string urls, out string own)
    {
        var addresses = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(address => BindingAddress.Parse(address)).ToArray();
        if (Array.FindIndex(addresses, address => address.Scheme == "http") is not (>= 0 and var first))
            throw new StartRefusedException("--demo needs an http address: the CLI does not know this server's certificate. Add one such as http://127.0.0.1:8000 to --urls.");
        var port = addresses[first].Port == 0 ? FreePort() : addresses[first].Port;
        var host = addresses[first].Host is "localhost" or "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : addresses[first].Host;
        own = $"http://{host}:{port}";
        return string.Join(';', addresses.Select((address, i) => i == first ? $"http://{address.Host}:{port}" : address.ToString()));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The CLI refuses a home that does not exist; the folder is made once the data directory is held.</summary>
    private sealed class DemoHome(DataDirectory data) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(Path.Combine(data.Path, "codex-home"));
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
