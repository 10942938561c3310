using System.Collections.Concurrent;

namespace CodexOrleans.DemoModel.Exchanges;

/// <summary>Named gates at which <c>SCENARIO:gate</c> waits, so that a test decides when a turn goes on.</summary>
public sealed class Gates
{
    private readonly ConcurrentDictionary<string, Gate> _gates = new();

    /// <summary>Opens a gate for good: requests that wait at it and later ones pass.</summary>
    public void Open(string name) => At(name).Opened.TrySetResult();

    /// <summary>Completes when the first request has reached the gate.</summary>
    public Task Reached(string name) => At(name).Reached.Task;

    internal Task Pass(string name, CancellationToken cancellationToken)
    {
        var gate = At(name);
        gate.Reached.TrySetResult();
        return gate.Opened.Task.WaitAsync(cancellationToken);
    }

    private Gate At(string name) => _gates.GetOrAdd(name, _ => new Gate());

    private sealed class Gate
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
