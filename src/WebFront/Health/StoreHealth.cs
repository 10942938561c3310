using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodexOrleans.WebFront.Health;

/// <summary>Whether the log can be written now.</summary>
internal sealed class StoreHealth(IThreadStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.CheckHealth(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (StorageException e)
        {
            // Without the exception: probes come every second, and each would be a stack trace in the log.
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
