using System.Net;
using CodexOrleans.Grains;
using CodexOrleans.Grains.Hosting;
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
    /// Grain directory entries that each silo caches. Orleans' default is a million, and it keeps entries of grains that are long gone:
    /// some 300 bytes for each thread that ever had a turn.
    /// </summary>
    private const int DirectoryCacheSize = 10_000;

    /// <summary>
    /// Adds access to threads by the mode in section <see cref="CodexClusterOptions.Section"/>: a silo without a cluster, a silo of a
    /// cluster, or for <see cref="ClusterMode.Client"/> a client of silos elsewhere. Adds the log too. The caller registers the
    /// <see cref="DataDirectory"/>.
    /// </summary>
    public static IHostApplicationBuilder UseCodexSilo(this IHostApplicationBuilder builder)
    {
        builder.Services.AddThreadStore();
        builder.Services.AddSteadyTimeForOrleans();
        builder.Services.AddOptions<CodexClusterOptions>().BindConfiguration(CodexClusterOptions.Section).ValidateOnStart();
        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<CodexClusterOptions>, CodexClusterOptionsValidator>());

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
            silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = DirectoryCacheSize);
            silo.Services.AddCodexGrains();
        });
        return builder;
    }

    /// <summary>Configures one silo that is the whole cluster and opens no socket.</summary>
    private static void UseEmbeddedCluster(ISiloBuilder silo)
    {
        silo.UseLocalhostClustering();
        // The front end and all grains are in one process, so a stream is a method call.
        silo.AddDirectStreams(
            ThreadStreams.Provider,
            configure: streams => streams.SizeOf = batch => ((ThreadEventBatch)batch).Lines.Length);
        silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = IPAddress.Loopback);
        var noSocket = new NullConnectionListenerFactory();
        foreach (var listener in silo.Services.Where(d => d.ServiceType == typeof(IConnectionListenerFactory) && d.IsKeyedService).ToList())
            silo.Services.Replace(ServiceDescriptor.KeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, noSocket));
    }
}
