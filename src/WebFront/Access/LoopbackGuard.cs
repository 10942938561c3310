using System.Net;
using System.Net.Sockets;
using CodexOrleans.Silo.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Refuses to listen where strangers could connect while anybody may come in (<see cref="AuthMode.None"/>). It stands where the
/// server opens its sockets, so no way of configuring an address gets around it.
/// </summary>
internal sealed class LoopbackGuard(SocketTransportFactory sockets, IOptions<AuthOptions> auth)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (auth.Value.Mode == AuthMode.None && !IsOfThisMachine(endpoint))
            throw Refuse(endpoint);
        return sockets.BindAsync(endpoint, cancellationToken);
    }

    public bool CanBind(EndPoint endpoint) => sockets.CanBind(endpoint);

    private static bool IsOfThisMachine(EndPoint endpoint) =>
        endpoint is UnixDomainSocketEndPoint || (endpoint is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));

    private static StartRefusedException Refuse(EndPoint endpoint) => new(
        $"The server does not listen on {endpoint} with Auth:Mode=None: everybody who reaches that address could run commands on "
        + "this machine. " +
        "Listen on 127.0.0.1 (--urls http://127.0.0.1:8000), or leave Auth:Mode at Token.");
}
