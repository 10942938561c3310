using CodexOrleans.Grains.Hosting;
using System.Net;
using CodexOrleans.Grains;
using CodexOrleans.Silo.Cluster;
using CodexOrleans.Silo.Embedded;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace CodexOrleans.Silo;

/// <summary>Composition of the backend.</summary>
public static class CodexSiloExtensions
{
    /// <summary>
    /// Threads whose owner each silo remembers. By default a million, and it keeps those that are long gone: some 300 bytes for each
    /// thread that ever had a turn.
    /// </summary>
    private const int RememberedOwners = 10_000;

    /// <summary>
    /// Adds what reaches threads, as section <see cref="CodexClusterOptions.Section"/> says: a silo that is alone, a silo of a cluster, or
    /// in mode <see cref="ClusterMode.Client"/> the way to silos elsewhere. With it comes the log. The composer registers the
    /// <see cref="DataDirectory"/>.
    /// </summary>
    public static IHostApplicationBuilder UseCodexSilo(this IHostApplicationBuilder builder)
    {
        builder.Services.AddThreadStore();
        builder.Services.AddSteadyTimeForOrleans();
        builder.Services.AddOptions<CodexClusterOptions>().BindConfiguration(CodexClusterOptions.Section).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CodexClusterOptions>, CodexClusterOptionsValidator>());

        var cluster = builder.Configuration.GetSection(CodexClusterOptions.Section).Get<CodexClusterOptions>() ?? new();
        var database = builder.Configuration[$"{StorageOptions.Section}:{nameof(StorageOptions.ConnectionString)}"];
        if (cluster.Mode == ClusterMode.Client)
        {
            builder.UseOrleansClient(client => ClusterNode.Connect(client, cluster, database));
            return builder;
        }

        builder.UseOrleans(silo =>
        {
            if (cluster.Mode == ClusterMode.Node)
                ClusterNode.Join(silo, cluster, database);
            else
                UseEmbeddedCluster(silo);
            silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = RememberedOwners);
            silo.Services.AddCodexGrains();
        });
        return builder;
    }

    /// <summary>One silo that is the whole cluster, with no socket of its own.</summary>
    private static void UseEmbeddedCluster(ISiloBuilder silo)
    {
        silo.UseLocalhostClustering();
        // Front end and owners are one process: the stream is a call.
        silo.AddDirectStreams(ThreadStreams.Provider, configure: streams => streams.SizeOf = batch => ((ThreadEventBatch)batch).Lines.Length);
        silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = IPAddress.Loopback);
        var closedDoor = new ClosedDoor();
        foreach (var listener in silo.Services.Where(d => d.ServiceType == typeof(IConnectionListenerFactory) && d.IsKeyedService).ToList())
            silo.Services.Replace(ServiceDescriptor.KeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, closedDoor));
    }
}
