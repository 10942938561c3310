using CodexOrleans.Silo;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A node of a cluster without a front end.
return await StartFailure.Report(async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
    {
        Args = ServerDefaults.Arguments(args),
        ContentRootPath = ServerDefaults.ContentRoot,
    });
    builder.AddServerDefaults(("Cluster:Mode", nameof(ClusterMode.Node)));
    builder.Services.AddSingleton(_ => DataDirectory.Open(
        builder.Configuration["DataDirectory"] ?? DataDirectory.DefaultPath,
        builder.Configuration["Workspaces:Folder"]));
    builder.AddTelemetry();
    builder.UseCodexSilo();
    builder.AddDashboard();
    builder.AddStandaloneSilo();
    // 'await using' needs the cast: IHost itself declares only the synchronous Dispose.
    var host = builder.Build();
    await using ((IAsyncDisposable)host)
        await (builder.IsToMigrate() ? host.Migrate() : host.RunToEnd());
});
