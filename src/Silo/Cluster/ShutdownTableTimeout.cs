using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// How long a silo that stops tries to tell the database so, each time. Orleans would try for minutes, longer than any supervisor waits,
/// before it goes on with its end; the others find out as they do when a silo dies.
/// </summary>
internal sealed class LeaveLimit(IOptions<ClusterMembershipOptions> membership) : IHostedLifecycleService
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Read anew for each write to the table. By its name it is for joining, which is over.
        membership.Value.MaxJoinAttemptTime = _patience;
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
