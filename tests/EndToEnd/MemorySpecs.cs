using System.Globalization;
using System.Net.Sockets;
using System.Text;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd;

/// <summary>What others can make the server hold in memory, measured from outside.</summary>
public sealed class MemorySpecs : IAsyncLifetime
{
    private const int Connections = 200;
    private const int BodyBytes = 8 * 1024 * 1024;
    private const long Mebibyte = 1024 * 1024;

    /// <summary>Connections' buffers, and code that runs for the first time. Without bounds it is 1 to 9 MiB for each connection.</summary>
    private const long MostForStrangers = 60 * Mebibyte;

    private Stage _stage = null!;
    private ServerProcess _server = null!;

    public async ValueTask InitializeAsync()
    {
        _stage = await Stage.Open();
        _server = await _stage.StartServer();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _stage.DisposeAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task Large_bodies_of_strangers_take_no_memory()
    {
        var cancel = TestContext.Current.CancellationToken;
        string[] paths =
        [
            "/api/codex/sign-in", "/api/codex/sign-out", "/sign-in", "/health/live", "/health/ready", "/", "/api/codex/run",
            "/openapi/v1.json",
        ];
        // Whatever runs for the first time takes memory of its own.
        await Task.WhenAll(paths.Select(path => Attack(path, chunked: true, authorization: "", cancel)));
        ResidentMemory.ForgetPeak(_server.Id);
        var before = ResidentMemory.Of(_server.Id);

        foreach (var chunked in (bool[])[false, true])
            await AllAttack(number => Attack(paths[number % paths.Length], chunked, authorization: "", cancel));
        await AllAttack(number => Attack(paths[0], number % 2 == 0, authorization: "", cancel));

        Assert.InRange(ResidentMemory.PeakOf(_server.Id) - before, long.MinValue, MostForStrangers);
    }

    [Fact(Timeout = 180_000)]
    public async Task Large_bodies_of_callers_take_a_bounded_amount_of_memory_that_is_given_back()
    {
        var cancel = TestContext.Current.CancellationToken;
        var authorization = $"Authorization: Bearer {_server.Token}\r\n";
        await Attack("/api/codex/run", chunked: true, authorization, cancel);
        ResidentMemory.ForgetPeak(_server.Id);
        var before = ResidentMemory.Of(_server.Id);

        await AllAttack(number => Attack("/api/codex/run", number % 2 == 0, authorization, cancel));

        Assert.InRange(ResidentMemory.PeakOf(_server.Id) - before, long.MinValue, 200 * Mebibyte);
        await Condition.Becomes(() => ResidentMemory.Of(_server.Id) - before < 30 * Mebibyte);
        using var api = new CodexApi(_server.CreateClient(), cancel);
        Assert.Equal("turn.completed", (await api.Turn(new { prompt = "SCENARIO:plain" })).End.Type);
    }

    private static Task AllAttack(Func<int, Task> attack) => Task.WhenAll(Enumerable.Range(0, Connections).Select(attack));

    /// <summary>Sends a body of 8 MiB as far as the server takes it, and reads the beginning of what it answers.</summary>
    private async Task Attack(string path, bool chunked, string authorization, CancellationToken cancel)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_server.Address.Host, _server.Address.Port, cancel);
        var framing = chunked ? "Transfer-Encoding: chunked" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {BodyBytes}");
        var head = $"POST {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n{framing}\r\n\r\n";
        var body = new byte[64 * 1024];
        Array.Fill(body, (byte)' ');
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(head), cancel);
            for (var sent = 0; sent < BodyBytes; sent += body.Length)
            {
                if (chunked)
                    await socket.SendAsync(Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), cancel);
                await SendAll(socket, body, cancel);
                if (chunked)
                    await socket.SendAsync("\r\n"u8.ToArray(), cancel);
            }

            if (chunked)
                await socket.SendAsync("0\r\n\r\n"u8.ToArray(), cancel);
            await socket.ReceiveAsync(body, cancel);
        }
        catch (SocketException)
        {
            // Refused and hung up on: that is what is wanted.
        }
    }

    private static async Task SendAll(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, cancel)..];
    }
}
