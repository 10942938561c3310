using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CodexOrleans.Grains;
using CodexOrleans.Silo;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Turns;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>
/// Rehearses turns before the server says that it is ready: requests to its own address that take every step of a real one, but for
/// the CLI. What the runtime does when code runs for the first time is done then, and not in the first user's turn. A rehearsal that
/// fails makes that turn slower and nothing else, so it is no reason not to start.
/// </summary>
internal sealed partial class WarmUp(
    IServer server,
    IOptions<ServerOptions> options,
    SessionCookie cookie,
    DataDirectory data,
    RehearsalKey key,
    ThreadOwner owner,
    IThreadReader log,
    ILogger<WarmUp> logger) : IHostedLifecycleService
{
    /// <summary>The first one takes as long as all the others together, and does not do for the rest.</summary>
    private const int AtLeast = 6;

    /// <summary>No further rehearsal begins after this: each gains less than the one before.</summary>
    private static readonly TimeSpan _enough = TimeSpan.FromMilliseconds(150);

    /// <summary>A machine that is so busy would not be faster for the first user.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    /// <summary>A small turn as the CLI prints it, with one item of the usual kinds.</summary>
    private const string Turn =
        """
        {"type":"thread.started","thread_id":"c0de0000-0000-8000-8000-00000000c0de"}
        {"type":"turn.started"}
        {"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"true","status":"in_progress"}}
        {"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"true","exit_code":0,"status":"completed"}}
        {"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"ready"}}
        {"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1}}

        """;

    private readonly IReadOnlyList<Guid> _threads = RehearsalThreads.Of(InstallationId.Of(data));

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_limit);
        try
        {
            // What a start that was killed meanwhile has left behind.
            await Forget();
            if (options.Value.WarmUp)
                await Rehearse(limit.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRehearsed(e);
        }

        key.Discard();
        try
        {
            await Forget();
        }
        catch (Exception e)
        {
            LogNotForgotten(e);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task Rehearse(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var address = OwnAddress();
        // The token may be known by its hash alone.
        var session = cookie.Issue(new HostString("localhost"));
        var turns = 0;
        for (; turns < _threads.Count && (turns < AtLeast || Stopwatch.GetElapsedTime(begin) < _enough); turns++)
        {
            var response = await Send(address, Request(_threads[turns], session), cancellationToken);
            if (!response.Contains("\"turn.completed\"", StringComparison.Ordinal))
                throw new InvalidOperationException($"The rehearsed turn did not complete: {response}");
        }

        LogRehearsed(turns, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
    }

    private EndPoint OwnAddress()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return addresses.Select(EndPointOf).FirstOrDefault(endpoint => endpoint is not null)
            ?? throw new InvalidOperationException("There is no plain http address to send a rehearsal to.");
    }

    /// <summary>Where a request in plain http can be sent to, or null.</summary>
    private static EndPoint? EndPointOf(string address)
    {
        if (BoundAddress.UnixSocket(address) is { } path)
            return new UnixDomainSocketEndPoint(path);
        return Uri.TryCreate(BoundAddress.ForLocalBrowser(address), UriKind.Absolute, out var uri) && uri is { Scheme: "http", Port: > 0 }
            ? new DnsEndPoint(uri.IdnHost, uri.Port)
            : null;
    }

    private byte[] Request(Guid thread, string session)
    {
        var prompt = JsonEncodedText.Encode(Turn);
        var body = $$"""{"prompt":"{{prompt}}","thread_id":"{{thread}}","sandbox":"workspace-write","skip_git_repo_check":true}""";
        // By a name that is always allowed, whatever address this is sent to.
        return Encoding.ASCII.GetBytes(
            $"""
            POST /api/codex/stream HTTP/1.1
            Host: localhost
            Connection: close
            Content-Type: application/json
            Content-Length: {body.Length}
            {RehearsalKey.Header}: {key.Text}
            Cookie: {session}


            """.ReplaceLineEndings("\r\n") + body);
    }

    /// <summary>
    /// One request on one connection. An HTTP client of the library's would itself have to be warmed up, for nobody's sake.
    /// </summary>
    private static async Task<string> Send(EndPoint address, byte[] request, CancellationToken cancellationToken)
    {
        using var socket = address is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address, cancellationToken);
        await socket.SendAsync(request, cancellationToken);
        var response = new MemoryStream();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
            response.Write(buffer, 0, count);
        return Encoding.UTF8.GetString(response.GetBuffer(), 0, (int)response.Length);
    }

    private async Task Forget()
    {
        var left = new List<Task>();
        foreach (var thread in _threads)
        {
            // The folder is made while the turn is being written: a start that was killed may have left it alone.
            if (Directory.Exists(Path.Combine(data.Workspaces, thread.ToString())) || await log.ReadThread(thread) is not null)
                left.Add(owner(thread).ForgetRehearsal().AsTask());
        }

        await Task.WhenAll(left).WaitAsync(_limit);
    }

    [LoggerMessage(LogLevel.Debug, "Rehearsed {Turns} turns in {Milliseconds:0} ms.")]
    private partial void LogRehearsed(int turns, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "No turn could be rehearsed; the first ones take longer.")]
    private partial void LogNotRehearsed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Rehearsed turns could not be removed from the log; the next start tries again.")]
    private partial void LogNotForgotten(Exception exception);
}

internal static class WarmUpRegistration
{
    /// <summary>
    /// After the relay, whose stream it uses, and before what tells the operator that the server is there. Only where there is a silo:
    /// what a rehearsal makes ready must be in this process.
    /// </summary>
    public static void AddWarmUp(this WebApplicationBuilder builder)
    {
        var mode = $"{CodexClusterOptions.Section}:{nameof(CodexClusterOptions.Mode)}";
        if (builder.Configuration.GetValue(mode, ClusterMode.Embedded) != ClusterMode.Client)
            builder.Services.AddHostedService<WarmUp>();
    }
}
