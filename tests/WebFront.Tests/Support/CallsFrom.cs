using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace CodexOrleans.WebFront.Tests;

/// <summary>Lets requests come from another address than this machine's.</summary>
internal sealed class CallsFrom(Func<string> address) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, follow) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse(address());
            return follow(context);
        });
        next(app);
    };
}
