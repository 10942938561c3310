using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Streams;

/// <summary>Refuses to start a silo or client with impossible settings; all problems in one message.</summary>
internal sealed class PushStreamOptionsValidator(string name, PushStreamOptions options) : IConfigurationValidator
{
    private static readonly TimeSpan _longestPollWait = TimeSpan.FromSeconds(2);

    public static IConfigurationValidator Create(IServiceProvider services, string name) =>
        new PushStreamOptionsValidator(name, services.GetRequiredService<IOptionsMonitor<PushStreamOptions>>().Get(name));

    public void ValidateConfiguration()
    {
        var problems = Problems().ToList();
        if (problems.Count > 0)
            throw new OrleansConfigurationException($"Push stream provider '{name}' is misconfigured: {string.Join(" ", problems)}");
    }

    private IEnumerable<string> Problems()
    {
        if (options.QueueCount is < 1 or > 1024)
            yield return $"QueueCount is {options.QueueCount}; use 1 to 1024.";
        if (options.PollWait <= TimeSpan.Zero || options.PollWait > _longestPollWait)
            yield return $"PollWait is {options.PollWait}; use more than zero and at most {_longestPollWait}.";
        if (options.MaxQueuedEvents < 1)
            yield return $"MaxQueuedEvents is {options.MaxQueuedEvents}; use at least 1.";
        if (options.MaxQueuedBytes < 1)
            yield return $"MaxQueuedBytes is {options.MaxQueuedBytes}; use at least 1.";
        if (options.MaxLagEvents < 1)
            yield return $"MaxLagEvents is {options.MaxLagEvents}; use at least 1.";
        if (options.MaxLagBytes < 1)
            yield return $"MaxLagBytes is {options.MaxLagBytes}; use at least 1.";
        if (options.MaxBatchesPerDelivery is < 1 or > 4096)
            yield return $"MaxBatchesPerDelivery is {options.MaxBatchesPerDelivery}; use 1 to 4096.";
        if (options.DeliveryTimeout <= TimeSpan.Zero)
            yield return $"DeliveryTimeout is {options.DeliveryTimeout}; use more than zero.";
        if (options.IdleRetention <= TimeSpan.Zero)
            yield return $"IdleRetention is {options.IdleRetention}; use more than zero.";
    }
}
