using CodexOrleans.Storage.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodexOrleans.Storage.Postgres.Cluster;

/// <summary>Adds to a host what processes of a cluster share beside the log.</summary>
public static class ClusterStoreRegistration
{
    /// <summary>
    /// Adds what a cluster keeps in the database of <see cref="ThreadStoreRegistration.AddThreadStore"/>, which must be PostgreSQL: the
    /// shared <see cref="IFrontRegister"/> and <see cref="ISessionArchive"/> in place of those of a single process, the
    /// <see cref="GrainDirectoryTable"/>, and the <see cref="ClusterRemains"/>.
    /// </summary>
    public static IServiceCollection AddClusterStore(this IServiceCollection services)
    {
        services.AddSingleton<IFrontRegister>(provider => new PostgresFrontRegister(Connections(provider)));
        services.AddSingleton<ISessionArchive>(provider => new PostgresSessionArchive(Connections(provider)));
        services.AddSingleton(provider => new GrainDirectoryTable(Connections(provider)));
        services.AddSingleton(provider => new ClusterRemains(Connections(provider)));
        return services;
    }

    private static NpgsqlDataSource Connections(IServiceProvider provider) => provider.GetRequiredService<PostgresDatabase>().Source;
}
