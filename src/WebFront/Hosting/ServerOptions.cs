using System.ComponentModel.DataAnnotations;
using CodexOrleans.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>What concerns the server as a whole. Keys at the root of the configuration.</summary>
public sealed class ServerOptions
{
    /// <summary>Folder of the database, the token and per-thread workspaces; null is <see cref="Storage.DataDirectory.DefaultPath"/>.</summary>
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
}

internal static class ServerOptionsRegistration
{
    /// <summary>Options of the server, and its data directory, locked from first use until the process ends.</summary>
    public static void AddServerOptions(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ServerOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(services => DataDirectory.Open(
            services.GetRequiredService<IOptions<ServerOptions>>().Value.DataDirectory ?? DataDirectory.DefaultPath,
            builder.Configuration["Workspaces:Folder"]));
        builder.Services.AddSingleton(TimeProvider.System);
        // Whoever has an event writes it to the socket itself, which never waits there; a thread of the pool in between cost more than the write.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddOptions<SocketTransportOptions>().Configure<IOptions<ServerOptions>>((sockets, server) =>
            sockets.CreateBoundListenSocket = endpoint => UnixSockets.Bind(endpoint, (UnixFileMode)Convert.ToInt32(server.Value.UnixSocketMode, 8)));
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>>((kestrel, server) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = server.Value.MaxRequestBodyBytes;
        });
    }
}
