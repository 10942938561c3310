using System.ComponentModel.DataAnnotations;
using CodexOrleans.Storage.Data;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>What concerns the server as a whole. Keys at the root of the configuration.</summary>
public sealed class ServerOptions
{
    /// <summary>Folder of the database, the token and per-thread workspaces; null is <see cref="Storage.Data.DataDirectory.DefaultPath"/>.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Run on the built-in scripted model, without an OpenAI account. Default false; <c>--demo</c> sets it.</summary>
    public bool Demo { get; set; }

    /// <summary>
    /// Rehearse turns before the server is ready, so that the first users' turns are as fast as later ones. Default true. Takes a
    /// fifth of a second.
    /// </summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>
    /// Who may connect to a socket of <c>--urls http://unix:/path</c>, as for chmod. Default <c>600</c>: this user alone.
    /// </summary>
    [RegularExpression("0?[0-7]{3}", ErrorMessage = "UnixSocketMode must be three octal digits, such as 600 or 660.")]
    public string UnixSocketMode { get; set; } = "600";

    /// <summary>
    /// Largest request body in bytes. Default 8 MiB: the CLI's longest prompt of 1,048,576 characters passes, even if a client
    /// escapes each as <c>\uXXXX</c>.
    /// </summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public long MaxRequestBodyBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// Connections at a time, those of open event streams included; more are closed at once. Default 5,000. Whoever can connect can make
    /// each cost memory and a file descriptor, so that it is best little more than what is needed.
    /// </summary>
    [Range(1, 1_000_000)]
    public long MaxConnections { get; set; } = 5_000;
}

internal static class ServerOptionsRegistration
{
    /// <summary>What a connection holds of what has come and is not read yet; TCP keeps the rest with the sender.</summary>
    private const int UnreadBytes = 64 * 1024;

    /// <summary>Options of the server, and its data directory, locked from first use until the process ends.</summary>
    public static void AddServerOptions(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ServerOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(services => DataDirectory.Open(
            services.GetRequiredService<IOptions<ServerOptions>>().Value.DataDirectory ?? DataDirectory.DefaultPath,
            builder.Configuration["Workspaces:Folder"]));
        builder.Services.AddSingleton(TimeProvider.System);
        // Whoever has an event writes it to the socket itself, which never waits there; a thread of the pool in between cost more than the write.
        builder.Services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerOptions>>((sockets, server) =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.MaxReadBufferSize = UnreadBytes;
            sockets.CreateBoundListenSocket = endpoint => UnixSockets.Bind(endpoint, (UnixFileMode)Convert.ToInt32(server.Value.UnixSocketMode, 8));
        });
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>>((kestrel, server) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = server.Value.MaxConnections;
            BoundStrangers(kestrel.Limits);
        });
    }

    /// <summary>What one connection can make the server hold before it is known who is there, and for how long.</summary>
    private static void BoundStrangers(KestrelServerLimits limits)
    {
        RequestHead.Bound(limits);
        limits.MaxRequestBodySize = BodyLimit.OfStrangers;
        limits.MaxRequestBufferSize = UnreadBytes;
        limits.Http2.InitialConnectionWindowSize = 128 * 1024;
        limits.Http2.InitialStreamWindowSize = 64 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }
}
