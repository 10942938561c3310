using CodexOrleans.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo.Hosting;

/// <summary>Runs a host, or only its migration.</summary>
public static class HostRunner
{
    /// <summary>How long before the shutdown's timeout the stop token is cancelled, so that services cut their work short.</summary>
    private static readonly TimeSpan _cutShort = TimeSpan.FromSeconds(2);

    /// <summary>Whether the command line has <c>--migrate</c>: the program then only calls <see cref="Migrate"/>.</summary>
    public static bool IsToMigrate(this IHostApplicationBuilder builder) => builder.Configuration.GetValue<bool>("Migrate");

    /// <summary>Migrates the database's schema without starting the host: no silo, no port, no CLI.</summary>
    /// <exception cref="StorageException">The database cannot be used.</exception>
    /// <exception cref="OptionsValidationException">Section <see cref="StorageOptions.Section"/> makes no sense.</exception>
    public static async Task Migrate(this IHost host)
    {
        // Opening the store runs its migrations.
        await host.Services.GetRequiredService<IOpenStore>().Open();
        await Console.Out.WriteLineAsync("The database's schema is that of this version.");
    }

    /// <summary>
    /// Runs the host until a signal or a fault ends it, and stops its services within <see cref="HostOptions.ShutdownTimeout"/>. After that
    /// the process exits without waiting for the rest.
    /// </summary>
    /// <exception cref="OptionsValidationException">The configuration makes no sense.</exception>
    public static async Task RunToEnd(this IHost host)
    {
        // The options are validated first: the host validates them only after it has created services, which fail for bad options.
        host.Services.GetService<IStartupValidator>()?.Validate();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await host.StartAsync();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A signal arrived during the start.
            await StopStarted(host);
            return;
        }
        catch
        {
            // Services that have started, such as the silo, stop in order before their dependencies are disposed.
            await StopStarted(host);
            throw;
        }

        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStopping.Register(asked.SetResult))
            await asked.Task;
        await Stop(host);
    }

    private static async Task Stop(IHost host)
    {
        var limit = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
        using var cutShort = new CancellationTokenSource(limit > _cutShort ? limit - _cutShort : limit);
        var stopping = host.StopAsync(cutShort.Token);
        if (await Task.WhenAny(stopping, Task.Delay(limit)) == stopping && !RanOutOfTime(stopping))
        {
            await stopping;
            return;
        }

        // A silo whose database is away retries for minutes to write that it leaves. The process exits at once: disposing services that
        // the silo still uses would only cause further errors.
        await Console.Error.WriteLineAsync($"The server did not stop in order within {limit}; what is left ends with the process.");
        Environment.Exit(0);
    }

    private static bool RanOutOfTime(Task stopping) =>
        stopping.IsCanceled || (stopping.Exception?.Flatten().InnerExceptions.All(e => e is OperationCanceledException) ?? false);

    private static async Task StopStarted(IHost host)
    {
        try
        {
            await host.StopAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A service that never started may fail to stop. Only the failure of the start matters to the operator.
        }
    }
}
