using System.Collections.Concurrent;
using System.Net.Http.Headers;
using CodexOrleans.Storage.Data;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Tests;

/// <summary>The whole server in this process: real Kestrel on a free loopback port, a data directory and a page of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder;
    private readonly bool _ownsFolder;

    private RunningServer(WebApplication app, TemporaryFolder folder, bool ownsFolder, LogLines log)
    {
        _app = app;
        _folder = folder;
        _ownsFolder = ownsFolder;
        Log = log;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Stranger = NewClient();
        Owner = NewClient();
        Owner.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    public LogLines Log { get; }

    /// <summary>The configured token, or that of the server's file; empty when the server has neither.</summary>
    public string Token => Services.GetRequiredService<IOptions<AuthOptions>>().Value.Token
        ?? (Services.GetRequiredService<DataDirectory>().TokenFile is var file && File.Exists(file) ? File.ReadAllText(file).Trim() : "");

    /// <summary>Sends neither token nor cookie, follows no redirect.</summary>
    public HttpClient Stranger { get; }

    /// <summary>Sends the token.</summary>
    public HttpClient Owner { get; }

    public static Task<RunningServer> Start(params string[] args) => Start(args, null, null);

    /// <param name="endpoints">Endpoints of the test's own.</param>
    /// <param name="services">Services of the test's own.</param>
    /// <param name="folder">Where the data is, when the test starts several servers on it.</param>
    public static async Task<RunningServer> Start(
        string[] args, Action<WebApplication>? endpoints, Action<IServiceCollection>? services = null, TemporaryFolder? folder = null)
    {
        var ownsFolder = folder is null;
        folder ??= new TemporaryFolder();
        Directory.CreateDirectory(folder["page/assets"]);
        await File.WriteAllTextAsync(folder["page/index.html"], "<!doctype html><title>page</title>");
        await File.WriteAllTextAsync(folder["page/assets/app-3f2a.js"], "export {};");
        await File.WriteAllTextAsync(folder["page/sign-in.html"], "<!doctype html><title>button</title>");
        await File.WriteAllTextAsync(folder["page/sign-in-expired.html"], "<!doctype html><title>expired</title>");
        var log = new LogLines();
        var app = Program.Build(
            ["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"], "--webroot", folder["page"], "--Logging:LogLevel:Default=Trace", "--WarmUp=false", .. args],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                services?.Invoke(builder.Services);
            });
        endpoints?.Invoke(app);
        await app.StartAsync();
        return new RunningServer(app, folder, ownsFolder, log);
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    public async ValueTask DisposeAsync()
    {
        Stranger.Dispose();
        Owner.Dispose();
        await _app.DisposeAsync();
        if (_ownsFolder)
            _folder.Dispose();
    }
}

/// <summary>Every line that the server logged, with exceptions.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IEnumerable<string> All => _lines;

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Category(string name, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {name} {formatter(state, exception)} {exception}");
    }
}
