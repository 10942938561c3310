using System.Net;
using System.Net.Sockets;

namespace CodexOrleans.TestSupport;

/// <summary>Ports for servers that must know theirs before they listen.</summary>
public static class FreePorts
{
    /// <summary>A free port of those that no connection is given by chance: a server that was killed finds its own free again.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(15_000, 30_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; another one is not.
            }
        }
    }
}
