using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>Gives Orleans the adapter, the cache and the queue mapper of one provider.</summary>
internal sealed class PushQueueAdapterFactory : IQueueAdapterFactory, IQueueAdapterCache
{
    private readonly PushStreamOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly HashRingBasedStreamQueueMapper _mapper;
    private readonly PushQueueAdapter _adapter;

    private PushQueueAdapterFactory(
        string name,
        PushStreamOptions options,
        TimeSpan pollWait,
        IGrainFactory grainFactory,
        TimeProvider timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
        _mapper = new HashRingBasedStreamQueueMapper(new HashRingStreamQueueMapperOptions { TotalQueueCount = options.QueueCount }, name);
        _adapter = new PushQueueAdapter(name, options, pollWait, _mapper, grainFactory);
    }

    public static IQueueAdapterFactory Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<PushStreamOptions>>().Get(name);
        // A read whose caller gave up would take events with it, so a wait at a queue grain must end well before the call times out.
        var longestWait = services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout / 2;
        var pollWait = options.PollWait < longestWait ? options.PollWait : longestWait;
        return new PushQueueAdapterFactory(
            name,
            options,
            pollWait,
            services.GetRequiredService<IGrainFactory>(),
            TimeProviderOf(services, name));
    }

    /// <summary>The clock of a provider: the <see cref="TimeProvider"/> keyed by the provider's name, else the system's.</summary>
    public static TimeProvider TimeProviderOf(IServiceProvider services, string name) =>
        services.GetKeyedService<TimeProvider>(name) ?? TimeProvider.System;

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(_adapter);

    public IQueueAdapterCache GetQueueAdapterCache() => this;

    public IStreamQueueMapper GetStreamQueueMapper() => _mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler());

    public IQueueCache CreateQueueCache(QueueId queueId) => new SheddingQueueCache(_options, _timeProvider);
}
