using CodexOrleans.Storage.Data;
using CodexOrleans.WebFront.Requests;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Hosting;

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
        // Whoever has an event writes it to the socket itself, which never waits there; a thread of the pool in between cost more
        // than the write.
        builder.Services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerOptions>>((sockets, server) =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.MaxReadBufferSize = UnreadBytes;
            sockets.CreateBoundListenSocket = endpoint =>
                UnixSockets.Bind(endpoint, (UnixFileMode)Convert.ToInt32(server.Value.UnixSocketMode, 8));
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
