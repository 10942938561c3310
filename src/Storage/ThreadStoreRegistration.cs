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
    /// Adds <see cref="IThreadStore"/> and <see cref="IThreadReader"/> (one instance), configured by section
    /// <see cref="StorageOptions.Section"/>. It is open before any hosted service starts and closed after all have stopped. The
    /// host registers the <see cref="DataDirectory"/>.
    /// </summary>
    public static IServiceCollection AddThreadStore(this IServiceCollection services)
    {
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(CreateStore);
        services.TryAddSingleton<IThreadStore>(provider => provider.GetRequiredService<SqliteThreadStore>());
        services.TryAddSingleton<IThreadReader>(provider => provider.GetRequiredService<SqliteThreadStore>());
        services.AddHostedService<ThreadStoreLifetime>();
        return services;
    }

    private static SqliteThreadStore CreateStore(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
        var file = options.ConnectionString is { } connectionString
            ? new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(connectionString).DataSource
            : provider.GetRequiredService<DataDirectory>().Database;
        return new SqliteThreadStore(file, options, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILogger<SqliteThreadStore>>());
    }
}
