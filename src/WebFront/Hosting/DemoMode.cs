using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CodexOrleans.DemoModel;
using CodexOrleans.Storage.Data;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>
/// <c>--demo</c>: the real CLI, with the scripted model of this very server behind it, in a CLI home and a data directory of its
/// own. The model sits on the server's own port behind a key that only the CLI is given; on a loopback port of its own, if the server
/// listens on sockets or by https alone.
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
        // An empty one is refused when it is opened.
        var home = string.IsNullOrWhiteSpace(data) ? "" : Path.Combine(Path.GetFullPath(data), "codex-home");
        var settings = new Dictionary<string, string?>
        {
            ["DataDirectory"] = data,
            ["urls"] = KnownAddress(builder.Configuration["urls"]!, out var ownAddress, out var ownPort),
            ["Codex:Home"] = home,
            [$"Codex:Environment:{DemoProvider.KeyVariable}"] = _key,
        };
        foreach (var (key, value) in DemoProvider.Configuration(ownAddress + Prefix))
            settings[$"Codex:ConfigOverrides:{key}"] = value;
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddHostedService(services => new DemoHome(services.GetRequiredService<DataDirectory>()));
        if (ownPort is { } port)
            builder.Services.AddHostedService(_ => new DemoPort(port));
    }

    public static void MapDemo(this WebApplication app)
    {
        if (IsOn(app.Configuration))
            app.MapDemoModel(Prefix, new DemoModelOptions { Key = _key })
                .AllowAnonymous()
                .WithMetadata(new BodyLimit(DemoModelEndpoint.MaxRequestBytes));
    }

    private static bool IsOn(IConfiguration configuration) => configuration.GetValue<bool>("Demo");

    /// <summary>The CLI must be told the model's address before the server listens, so "any free port" is chosen here.</summary>
    private static string KnownAddress(string urls, out string own, out int? ownPort)
    {
        var addresses = ListenAddresses.Split(urls).Select(BindingAddress.Parse).ToArray();
        // The CLI knows neither sockets nor this server's certificate.
        var first = Array.FindIndex(addresses, address => address.Scheme == "http" && !address.IsUnixPipe);
        if (first < 0)
        {
            ownPort = FreePort();
            own = $"http://127.0.0.1:{ownPort}";
            return urls;
        }

        ownPort = null;
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
            data.EnsureDemoHome();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>The model where only this machine reaches it.</summary>
    private sealed class DemoPort(int port) : IHostedService
    {
        private WebApplication? _app;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
            builder.Services.AddRoutingCore();
            _app = builder.Build();
            _app.UseRouting();
            _app.MapDemoModel(Prefix, new DemoModelOptions { Key = _key });
            await _app.StartAsync(cancellationToken);
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            if (_app is null)
                return;
            await _app.StopAsync(cancellationToken);
            await _app.DisposeAsync();
        }
    }
}
