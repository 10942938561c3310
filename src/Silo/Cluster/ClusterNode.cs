using CodexOrleans.Grains.Hosting;
using System.Net;
using System.Net.Sockets;
using CodexOrleans.Grains;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Postgres.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Runtime.Hosting;

namespace CodexOrleans.Silo.Cluster;

/// <summary>One silo of many, which find each other in PostgreSQL.</summary>
internal static class ClusterNode
{
    /// <summary>By this name Orleans knows Npgsql.</summary>
    private const string Invariant = "Npgsql";

    /// <summary>
    /// Time until a dead silo is noticed: two missed probes, or one when its connections break. Shorter probes take a busy machine for a
    /// dead one.
    /// </summary>
    private static readonly TimeSpan _probe = TimeSpan.FromSeconds(1);

    /// <summary>How often a silo says that it lives. One that has missed three does not hold up the start of the others.</summary>
    private static readonly TimeSpan _sign = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a silo's answer: a call to one that has died while it was under way lasts so long at most.</summary>
    private static readonly TimeSpan _response = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a front end without a silo may be disconnected before it counts as gone. It loses nothing: what it misses it reads from the
    /// log.
    /// </summary>
    private static readonly TimeSpan _clientGone = TimeSpan.FromSeconds(10);

    public static void Join(ISiloBuilder silo, CodexClusterOptions cluster, string? connectionString)
    {
        silo.Configure<ClusterOptions>(options => Name(options, cluster));
        silo.Configure<EndpointOptions>(options => Listen(options, cluster));
        // By this name a thread finds back to the node that has its files.
        silo.Services.AddOptions<SiloOptions>().Configure<ProcessTag>((options, host) => options.SiloName = host.Installation);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = _probe;
            options.NumMissedProbesLimit = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            options.IAmAliveTablePublishTimeout = _sign;
        });
        silo.Configure<SiloMessagingOptions>(options =>
        {
            options.ResponseTimeout = _response;
            options.ClientDropTimeout = _clientGone;
        });
        silo.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = _response);
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, ForOrleans(connectionString)));
        silo.AddAdoNetGrainStorage("PubSubStore", options =>
        {
            (options.Invariant, options.ConnectionString) = (Invariant, ForOrleans(connectionString));
            options.DeleteStateOnClear = true;
        });
        silo.Services.AddTurnQueue();
        silo.Services.AddClusterStore();
        silo.Services.AddHostedService<ClusterUpkeep>();
        silo.Services.AddHostedService<LeaveLimit>();
        silo.AddGrainDirectory(
            GrainDirectoryAttribute.DEFAULT_GRAIN_DIRECTORY,
            (services, _) => ActivatorUtilities.CreateInstance<PostgresGrainDirectory>(services));
        silo.AddPushStreams(ThreadStreams.BetweenProcesses, streams => streams.SizeOf = Size);
        silo.AddDirectStreams(ThreadStreams.Provider, through: ThreadStreams.BetweenProcesses, configure: streams => streams.SizeOf = Size);
    }

    /// <summary>A front end without a silo: it reaches the silos at their gateways.</summary>
    public static void Connect(IClientBuilder client, CodexClusterOptions cluster, string? connectionString)
    {
        client.Configure<ClusterOptions>(options => Name(options, cluster));
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = _response);
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        client.Services.AddClusterStore();
        client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, ForOrleans(connectionString)));
        client.AddPushStreams(ThreadStreams.BetweenProcesses, streams => streams.SizeOf = Size);
        client.AddDirectStreams(
            ThreadStreams.Provider, through: ThreadStreams.BetweenProcesses, configure: streams => streams.SizeOf = Size);
        // A cluster that is not there yet, or is gone for a while, is no reason to give up.
        client.UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            return true;
        });
    }

    // One string for both providers, so that they share a pool. Without one the start says so.
    private static string? ForOrleans(string? connectionString) =>
        string.IsNullOrWhiteSpace(connectionString) ? connectionString : PostgresSettings.ForOrleans(connectionString);

    private static long Size(object batch) => ((ThreadEventBatch)batch).Lines.Length;

    private static void Name(ClusterOptions options, CodexClusterOptions cluster) =>
        (options.ClusterId, options.ServiceId) = (cluster.Id, cluster.Id);

    private static void Listen(EndpointOptions options, CodexClusterOptions cluster)
    {
        if (cluster.Address is { } address && IPAddress.TryParse(address, out var parsed))
            options.AdvertisedIPAddress = parsed;
        options.SiloPort = cluster.SiloPort > 0 ? cluster.SiloPort : FreePort(options.AdvertisedIPAddress ?? IPAddress.Any);
        options.GatewayPort = cluster.GatewayPort;
    }

    // Orleans tells the others its port before it listens, so it cannot let the kernel choose. One of those that systems do not give to
    // outgoing connections, since such a connection could take it in between.
    private static int FreePort(IPAddress address)
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(address, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one is free.
            }
        }
    }
}
