using System.Diagnostics.Metrics;
using CodexOrleans.Storage.Postgres;
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
    /// Adds <see cref="IThreadStore"/>, <see cref="IThreadReader"/> and <see cref="IBrowserSessionStore"/> (one instance; with PostgreSQL
    /// also the <c>NpgsqlDataSource</c> it uses), configured by section
    /// <see cref="StorageOptions.Section"/>. It is open before any hosted service starts and closed after all have stopped. The
    /// host registers the <see cref="DataDirectory"/>.
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
        // Its owner is the store.
        services.TryAddSingleton(provider => (provider.GetRequiredService<IOpenStore>() as PostgresThreadStore)?.Connections
            ?? throw new InvalidOperationException("Storage:Provider is not Postgres."));
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
            StorageProvider.Postgres => new PostgresThreadStore(options, time, provider.GetService<ILogger<PostgresThreadStore>>(), meters),
            _ => new SqliteThreadStore(SqliteFile(options, provider), options, time, provider.GetService<ILogger<SqliteThreadStore>>(), meters: meters),
        };
    }

    private static string SqliteFile(StorageOptions options, IServiceProvider provider) =>
        options.ConnectionString is { } connectionString
            ? new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(connectionString).DataSource
            : provider.GetRequiredService<DataDirectory>().Database;
}
