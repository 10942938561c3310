using CodexOrleans.Silo.Hosting;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>The bare host: where configuration comes from, where it listens, how it logs.</summary>
internal static class ServerHost
{
    private static readonly (string Section, Type Options)[] _settings =
    [
        ("", typeof(ServerOptions)),
        (AuthOptions.Section, typeof(AuthOptions)),
        (FeedOptions.Section, typeof(FeedOptions)),
    ];

    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = ServerDefaults.Arguments(args, _settings),
            ContentRootPath = ServerDefaults.ContentRoot,
        });
        builder.AddServerDefaults(("urls", "http://127.0.0.1:8000"));
        ListenAddresses.Check(builder.Configuration);
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }
}
