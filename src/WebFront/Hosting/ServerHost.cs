using CodexOrleans.Silo.Hosting;

namespace CodexOrleans.WebFront;

/// <summary>The bare host: where configuration comes from, where it listens, how it logs.</summary>
internal static class ServerHost
{
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = ServerDefaults.Arguments(args),
            ContentRootPath = ServerDefaults.ContentRoot,
        });
        builder.AddServerDefaults(("urls", "http://127.0.0.1:8000"));
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }
}
