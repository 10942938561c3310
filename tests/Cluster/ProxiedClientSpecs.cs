using System.Net;
using System.Net.Sockets;
using CodexOrleans.Cluster.Suite;
using CodexOrleans.Cluster.Support;

namespace CodexOrleans.Cluster;

/// <summary>Who a client is for the nodes behind the proxy that we deploy.</summary>
public sealed class ProxiedClientSpecs
{
    [Fact(Timeout = 120_000)]
    public async Task Who_guesses_tokens_slows_nobody_else_down_whatever_address_it_claims()
    {
        var cluster = await SharedClusters.Fake;
        await using var proxy = await Proxy.Start(cluster.Token, cluster.Addresses[0], cluster.Addresses[1], cluster.Addresses[2]);
        using var guesser = From("127.0.0.21", proxy.Address);
        using var other = From("127.0.0.22", proxy.Address);

        // Each node counts for itself.
        for (var (guess, inARow) = (0, 0); inARow < 9; guess++)
        {
            Assert.True(guess < 200, "The guesser is not slowed down.");
            var claims = guess % 2 == 0 ? "127.0.0.22" : $"198.51.100.{guess}";
            var status = await Ask(guesser, $"guess-{guess}", claims, TestContext.Current.CancellationToken);
            inARow = status == HttpStatusCode.TooManyRequests ? inARow + 1 : 0;
        }

        Assert.Equal(HttpStatusCode.OK, await Ask(guesser, cluster.Token, null, TestContext.Current.CancellationToken));
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await Ask(other, "mistyped", null, TestContext.Current.CancellationToken));
    }

    private static async Task<HttpStatusCode> Ask(HttpClient client, string token, string? claims, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Authorization = new("Bearer", token);
        if (claims is not null)
            request.Headers.Add("X-Forwarded-For", claims);
        using var response = await client.SendAsync(request, cancellationToken);
        return response.StatusCode;
    }

    /// <summary>A client on another address of this machine.</summary>
    private static HttpClient From(string address, Uri server) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = server };
}
