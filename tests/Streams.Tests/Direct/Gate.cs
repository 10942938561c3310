namespace CodexOrleans.Streams.Tests.Direct;

/// <summary>Holds a subscriber in its first delivery until it is opened.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Goes into <see cref="Recorder.OnDelivery"/>.</summary>
    public Task Pass(IReadOnlyList<TestEvent> events) => _open.Task;

    public void Open() => _open.SetResult();
}
