using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Dashboard;

namespace CodexOrleans.Silo;

/// <summary>The Orleans Dashboard: grains, their calls and the silos, live.</summary>
public static class Dashboard
{
    private const string Key = "Dashboard:Enabled";

    /// <summary>
    /// Whether the process feeds the dashboard. Default false, because it measures each grain call even when nobody looks. All nodes of a
    /// cluster must have the same value.
    /// </summary>
    public static bool IsEnabled(IConfiguration configuration) => configuration.GetValue<bool>(Key);

    /// <summary>Adds the dashboard's measurements if it is enabled.</summary>
    public static IHostApplicationBuilder AddDashboard(this IHostApplicationBuilder builder)
    {
        if (!IsEnabled(builder.Configuration))
            return builder;
        if (builder.Configuration.IsClient())
            builder.UseOrleansClient(client => client.AddDashboard(Configure));
        else
            builder.UseOrleans(silo => silo.AddDashboard(Configure));
        return builder;
    }

    // The page hides the log, which may have paths.
    private static void Configure(DashboardOptions dashboard) => dashboard.HideTrace = true;
}
