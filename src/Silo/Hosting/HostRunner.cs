using CodexOrleans.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo.Hosting;

/// <summary>What a program does with the host that it has built.</summary>
public static class HostRun
{
    /// <summary>How long before the end of a shutdown's time its parts are told to hurry.</summary>
    private static readonly TimeSpan _hurry = TimeSpan.FromSeconds(2);

    /// <summary>Whether the command line says <c>--migrate</c>: <see cref="Migrate"/> is then all that is to be done.</summary>
    public static bool IsToMigrate(this IHostApplicationBuilder builder) => builder.Configuration.GetValue<bool>("Migrate");

    /// <summary>Brings the database's schema up to date in a host that is not started: no silo, no port, no CLI.</summary>
    /// <exception cref="StorageException">The database cannot be used.</exception>
    /// <exception cref="OptionsValidationException">Section <see cref="StorageOptions.Section"/> makes no sense.</exception>
    public static async Task Migrate(this IHost host)
    {
        // To open the log is to migrate it.
        await host.Services.GetRequiredService<IOpenStore>().Open();
        await Console.Out.WriteLineAsync("The database's schema is that of this version.");
    }

    /// <summary>
    /// Runs until a signal or a fault ends it, and stops what it runs within <see cref="HostOptions.ShutdownTimeout"/>: what has not stopped
    /// by then ends with the process.
    /// </summary>
    /// <exception cref="OptionsValidationException">The configuration makes no sense.</exception>
    public static async Task RunToEnd(this IHost host)
    {
        // The host itself validates only after it has made what cannot be made of such a configuration.
        host.Services.GetService<IStartupValidator>()?.Validate();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await host.StartAsync();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A signal came before the start was over.
            await StopWhatStarted(host);
            return;
        }
        catch
        {
            // What has started already, such as the silo, is to stop in order and not to lose its services under its feet.
            await StopWhatStarted(host);
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
        using var hurry = new CancellationTokenSource(limit > _hurry ? limit - _hurry : limit);
        var stopping = host.StopAsync(hurry.Token);
        if (await Task.WhenAny(stopping, Task.Delay(limit)) == stopping && !RanOutOfTime(stopping))
        {
            await stopping;
            return;
        }

        // A silo whose database is away would go on for minutes to tell it that it leaves. Nothing waits for it any more, and to give its
        // services back under its feet would help nobody.
        await Console.Error.WriteLineAsync($"The server did not stop in order within {limit}; what is left ends with the process.");
        Environment.Exit(0);
    }

    private static bool RanOutOfTime(Task stopping) =>
        stopping.IsCanceled || (stopping.Exception?.Flatten().InnerExceptions.All(e => e is OperationCanceledException) ?? false);

    private static async Task StopWhatStarted(IHost host)
    {
        try
        {
            await host.StopAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Parts that never started may not be able to stop. The start's own failure is what the operator has to know.
        }
    }
}
