using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Requests;
using CodexOrleans.WebFront.Threads;
using CodexOrleans.WebFront.Turns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>The relay's endpoints on a real Kestrel, with scripted owners and a log in memory.</summary>
internal sealed class RelayHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, ScriptedThread> _threads = new();
    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder;

    private RelayHost(WebApplication app, TemporaryFolder folder, MemoryLog log)
    {
        _app = app;
        _folder = folder;
        Log = log;
    }

    public MemoryLog Log { get; }

    /// <summary>A folder that turns may work in.</summary>
    public string Workspace => _folder["workspace"];

    public FrontFeed Feed => _app.Services.GetRequiredService<FrontFeed>();

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>A client of its own connections.</summary>
    public HttpClient Client => field ??= new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1_000 }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Called for each owner when it is first reached.</summary>
    public Action<ScriptedThread> Script { get; set; } = _ => { };

    public static async Task<RelayHost> Start(Action<FeedOptions>? configure = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var log = new MemoryLog();
        var folder = new TemporaryFolder();
        var workspace = Directory.CreateDirectory(folder["workspace"]).FullName;
        RelayHost? host = null;
        builder.Services.AddSingleton(_ => DataDirectory.Open(folder["data"]));
        builder.Services.AddSingleton<IThreadReader>(log);
        builder.Services.AddSingleton<ThreadOwner>(id => host!.Thread(id));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddViewers().AddTurns().AddEvents();
        builder.Services.AddOptions<ServerOptions>();
        builder.Services.AddJsonRequests();
        if (configure is not null)
            builder.Services.PostConfigure(configure);
        var app = builder.Build();
        app.UseRouting();
        app.UseJsonRequests();
        var readable = app.MapGroup("").WithHead();
        readable.MapTurns();
        readable.MapThreads();
        readable.MapEvents();
        host = new RelayHost(app, folder, log);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public ScriptedThread Thread(Guid id) => _threads.GetOrAdd(id, _ =>
    {
        var thread = new ScriptedThread(id, Log, (_, batch) => Feed.Deliver(batch));
        Script(thread);
        return thread;
    });

    public ScriptedThread NewThread() => Thread(Guid.CreateVersion7());

    /// <summary>Shuts down as a signal does.</summary>
    public Task Stop() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async Task<HttpResponseMessage> Post(string path, string json) =>
        await Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") },
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken);

    /// <summary>Opens a thread's event stream.</summary>
    public async Task<SseClient> Follow(Guid threadId, long? lastEventId = null, string query = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/codex/threads/{threadId}/events{query}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is { } id)
            request.Headers.Add("Last-Event-ID", $"{id}");
        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return await SseClient.Open(response);
    }

    /// <summary>A client that asks for a thread's events and then never reads from its socket.</summary>
    public async Task<Socket> FollowAndFreeze(Guid threadId)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET /api/codex/threads/{threadId}/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"),
            TestContext.Current.CancellationToken);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
