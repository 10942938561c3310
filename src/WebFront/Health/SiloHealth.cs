using CodexOrleans.Grains;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodexOrleans.WebFront.Health;

/// <summary>Whether grains answer.</summary>
internal sealed class SiloHealth(IClusterClient cluster) : IHealthCheck
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await cluster.GetGrain<ICodexInstallationGrain>(0).Ping().AsTask().WaitAsync(_patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Without the exception: probes come every second, and each would be a stack trace in the log.
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
