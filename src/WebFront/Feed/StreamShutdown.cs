namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// When responses that follow a thread end at a shutdown: not at its first sign, but after the silo's running turns have been
/// waited for, so that who watches one sees its end.
/// </summary>
/// <remarks>
/// Hosts stop their lifecycle services in reverse order of registration. The relay is registered before the silo, so the silo has
/// drained when this one is asked; the web server closes its connections after that.
/// </remarks>
internal sealed class StreamShutdown : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _ending = new();

    public CancellationToken Token => _ending.Token;

    public Task StoppingAsync(CancellationToken cancellationToken) => _ending.CancelAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ending.Dispose();
}
