using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using CodexOrleans.DemoModel.Exchanges;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.DemoModel;

/// <summary>The scripted model on a port of its own, for tests and tools.</summary>
public sealed class DemoModelServer : IAsyncDisposable
{
    private const int MaxRequests = 500;
    private readonly ConcurrentQueue<ResponsesRequest> _requests = new();
    private readonly WebApplication _app;

    private DemoModelServer(TimeSpan pace, TimeProvider timeProvider)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapDemoModel("/v1", new DemoModelOptions
        {
            Key = Key,
            Pace = pace,
            TimeProvider = timeProvider,
            Gates = Gates,
            Received = Remember,
        });
    }

    /// <summary>What a provider's <c>base_url</c> must say.</summary>
    public string BaseUrl => $"{_app.Urls.First()}/v1";

    public string Key { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    public Gates Gates { get; } = new();

    /// <summary>The last requests that presented the key, oldest first; at most 500.</summary>
    public IReadOnlyCollection<ResponsesRequest> Requests => _requests;

    /// <param name="pace">Pause before each delta; none by default.</param>
    /// <param name="timeProvider">Clock of the pauses; the system's by default.</param>
    public static async Task<DemoModelServer> Start(TimeSpan pace = default, TimeProvider? timeProvider = null)
    {
        var server = new DemoModelServer(pace, timeProvider ?? TimeProvider.System);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // A response that hangs by script would hold an orderly stop for its whole time limit.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private void Remember(ResponsesRequest request)
    {
        _requests.Enqueue(request);
        while (_requests.Count > MaxRequests)
            _requests.TryDequeue(out _);
    }
}
