using System.Net;
using System.Net.Sockets;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Grains;
using CodexOrleans.Grains.Hosting;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Postgres.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Runtime.Hosting;

namespace CodexOrleans.Silo.Cluster;

/// <summary>Configures one silo or client of a cluster whose members find each other in PostgreSQL.</summary>
internal static class ClusterNode
{
    /// <summary>Orleans' name for Npgsql.</summary>
    private const string Invariant = "Npgsql";

    /// <summary>
    /// Timeout of a probe. A silo is declared dead after two missed ones, or after one when its connections break. With shorter probes a
    /// busy machine would be declared dead.
    /// </summary>
    private static readonly TimeSpan _probe = TimeSpan.FromSeconds(1);

    /// <summary>How often a silo writes that it is alive. One that has missed three writes does not delay the start of others.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Timeout of a grain call, and so the longest that a call to a silo that has just died can take.</summary>
    private static readonly TimeSpan _response = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a client may be disconnected before the silos drop it. Its viewers lose nothing: they read missed events from the log.
    /// </summary>
    private static readonly TimeSpan _clientGone = TimeSpan.FromSeconds(10);

    public static void Join(ISiloBuilder silo, CodexClusterOptions cluster, string? connectionString)
    {
        silo.Configure<ClusterOptions>(options => Name(options, cluster));
        silo.Configure<EndpointOptions>(options => Listen(options, cluster));
        // The silo is named by its data directory, so that a thread finds the node that has its files, at whatever address.
        silo.Services.AddOptions<SiloOptions>().Configure<ProcessTag>((options, host) => options.SiloName = host.Installation);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = _probe;
            options.NumMissedProbesLimit = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            options.IAmAliveTablePublishTimeout = _heartbeat;
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
        silo.Services.AddHostedService<ShutdownTableTimeout>();
        silo.AddGrainDirectory(
            GrainDirectoryAttribute.DEFAULT_GRAIN_DIRECTORY,
            (services, _) => ActivatorUtilities.CreateInstance<PostgresGrainDirectory>(services));
        silo.AddPushStreams(ThreadStreams.BetweenProcesses, streams => streams.SizeOf = Size);
        silo.AddDirectStreams(ThreadStreams.Provider, through: ThreadStreams.BetweenProcesses, configure: streams => streams.SizeOf = Size);
    }

    /// <summary>Configures a front end without a silo, which reaches the silos at their gateways.</summary>
    public static void Connect(IClientBuilder client, CodexClusterOptions cluster, string? connectionString)
    {
        client.Configure<ClusterOptions>(options => Name(options, cluster));
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = _response);
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        client.Services.AddClusterStore();
        client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, ForOrleans(connectionString)));
        client.AddPushStreams(ThreadStreams.BetweenProcesses, streams => streams.SizeOf = Size);
        client.AddDirectStreams(
            ThreadStreams.Provider,
            through: ThreadStreams.BetweenProcesses,
            configure: streams => streams.SizeOf = Size);
        // The client retries for ever: the cluster may start later, or be down for a while.
        client.UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            return true;
        });
    }

    // Both providers get the same string, so that they share a pool. A missing one is left to the validation of StorageOptions.
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

    // Orleans publishes its port before it listens, so the kernel cannot choose it. The range lies outside of the ports for outgoing
    // connections, because such a connection could take the port before Orleans listens on it.
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
                // The port is taken; the next attempt tries another one.
            }
        }
    }
}
