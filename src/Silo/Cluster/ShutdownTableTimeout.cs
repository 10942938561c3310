using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// Shortens the writes of a stopping silo to the membership table to two seconds each. Orleans would retry them for minutes while the
/// database is away, longer than a supervisor waits; the other silos then notice the stop as they notice a death.
/// </summary>
internal sealed class ShutdownTableTimeout(IOptions<ClusterMembershipOptions> membership) : IHostedLifecycleService
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Orleans reads this option before each write to the table, not only while it joins.
        membership.Value.MaxJoinAttemptTime = _timeout;
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
