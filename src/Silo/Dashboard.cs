using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Dashboard;

namespace CodexOrleans.Silo;

/// <summary>The Orleans Dashboard: grains, their calls and the silos, live.</summary>
public static class Dashboard
{
    private const string Key = "Dashboard:Enabled";

    /// <summary>
    /// Whether the process takes part in the dashboard. Default false: it measures each grain call, whether or not anybody looks. All
    /// nodes of a cluster must agree.
    /// </summary>
    public static bool IsEnabled(IConfiguration configuration) => configuration.GetValue<bool>(Key);

    /// <summary>Adds what the dashboard reads. Does nothing unless it is enabled.</summary>
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

    // The log goes where logs go; a page is no place for what may hold paths.
    private static void Configure(DashboardOptions dashboard) => dashboard.HideTrace = true;
}
