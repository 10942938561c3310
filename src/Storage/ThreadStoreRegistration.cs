using System.Diagnostics.Metrics;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Postgres.Cluster;
using CodexOrleans.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Storage;

/// <summary>Adds the log to a host.</summary>
public static class ThreadStoreRegistration
{
    /// <summary>
    /// Adds <see cref="IThreadStore"/>, <see cref="IThreadReader"/> and <see cref="IBrowserSessionStore"/> (one instance), configured by
    /// section <see cref="StorageOptions.Section"/>. It is open before any hosted service starts and closed after all have stopped. The
    /// host registers the <see cref="DataDirectory"/>. The <see cref="IFrontRegister"/> and the <see cref="ISessionArchive"/> are those of
    /// a process that is alone, unless <see cref="ClusterStoreRegistration.AddClusterStore"/> adds those of a cluster.
    /// </summary>
    public static IServiceCollection AddThreadStore(this IServiceCollection services)
    {
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>());
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(CreateStore);
        services.TryAddSingleton<IThreadStore>(provider => provider.GetRequiredService<IOpenStore>());
        services.TryAddSingleton<IThreadReader>(provider => provider.GetRequiredService<IOpenStore>());
        services.TryAddSingleton<IBrowserSessionStore>(provider => provider.GetRequiredService<IOpenStore>());
        services.TryAddSingleton<IFrontRegister, SoleFront>();
        services.TryAddSingleton<ISessionArchive, LocalSessions>();
        services.TryAddSingleton(CreatePostgresDatabase);
        services.AddHostedService<ThreadStoreLifetime>();
        return services;
    }

    private static IOpenStore CreateStore(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
        var time = provider.GetRequiredService<TimeProvider>();
        var meters = provider.GetRequiredService<IMeterFactory>();
        return options.Provider switch
        {
            StorageProvider.Postgres => new PostgresThreadStore(
                provider.GetRequiredService<PostgresDatabase>(),
                options,
                time,
                provider.GetService<ILogger<PostgresThreadStore>>(),
                meters),
            _ => new SqliteThreadStore(
                SqliteFile(options, provider), options, time, provider.GetService<ILogger<SqliteThreadStore>>(), meters: meters),
        };
    }

    /// <summary>Closed by the store, which has the last to write.</summary>
    private static PostgresDatabase CreatePostgresDatabase(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
        return options.Provider == StorageProvider.Postgres
            ? new PostgresDatabase(options)
            : throw new InvalidOperationException("Storage:Provider is not Postgres.");
    }

    private static string SqliteFile(StorageOptions options, IServiceProvider provider) =>
        options.ConnectionString is { } connectionString
            ? new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(connectionString).DataSource
            : provider.GetRequiredService<DataDirectory>().Database;
}
