using System.Threading.Channels;
using CodexOrleans.Grains.Threads;
using Orleans.Metadata;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>Tells when a thread comes into the silo's memory and when it has left.</summary>
internal sealed class Activations : IConfigureGrainContextProvider, IConfigureGrainContext
{
    private readonly Channel<Guid> _left = Channel.CreateUnbounded<Guid>();
    private int _entered;

    /// <summary>How often any thread came into memory.</summary>
    public int Entered => Volatile.Read(ref _entered);

    /// <summary>The next thread that leaves memory.</summary>
    public Task<Guid> Left() => _left.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(ScriptedEngine.Patience);

    public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, out IConfigureGrainContext configurator)
    {
        configurator = this;
        return properties.Properties.TryGetValue(WellKnownGrainTypeProperties.TypeName, out var type) && type == nameof(ThreadGrain);
    }

    public void Configure(IGrainContext context)
    {
        Interlocked.Increment(ref _entered);
        // The first stage to start is the last one to stop.
        context.ObservableLifecycle.Subscribe(
            nameof(Activations),
            GrainLifecycleStage.First,
            _ => Task.CompletedTask,
            _ =>
            {
                _left.Writer.TryWrite(context.GrainId.GetGuidKey());
                return Task.CompletedTask;
            });
    }
}
