using CodexOrleans.WebFront.Access;
using Orleans.Dashboard;

namespace CodexOrleans.WebFront.Page;

/// <summary>Pages for administrators, below <see cref="Root"/>.</summary>
internal static class AdminPages
{
    public const string Root = "/admin";

    /// <summary>Where the Orleans Dashboard is, when it is enabled.</summary>
    public const string Dashboard = Root + "/dashboard";

    public static void MapAdminPages(this WebApplication app)
    {
        if (Silo.Dashboard.IsEnabled(app.Configuration))
            app.MapOrleansDashboard(Dashboard).RequireAuthorization(AccessRegistration.AdminPolicy).ExcludeFromDescription();
    }
}
