using System.Net;
using System.Net.Sockets;
using System.Text;
using CodexOrleans.Load.Measures;

namespace CodexOrleans.Load.Turns;

/// <summary>Plays a few turns against a canned answer, so that the compiler's work on the generator is no server's latency.</summary>
internal static class WarmUp
{
    private const int Turns = 20;
    private static bool _done;

    public static void Once()
    {
        if (_done)
            return;
        _done = true;
        var scenario = new Scenario { Name = "warm-up", Clients = 1, TurnsPerClient = Turns, Events = 2, Patience = TimeSpan.FromSeconds(10) };
        Play(scenario, Stream());
        Play(scenario with { Document = true }, Document());
    }

    private static void Play(Scenario scenario, byte[] response)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = (IPEndPoint)listener.LocalEndpoint;
        var result = new LoadResult(scenario.ExpectedEvents);
        using var generator = new LoadGenerator(endpoint, scenario.Plans(endpoint, token: null, result));
        using var watch = new ServerWatch(Environment.ProcessId);
        var answering = Task.Run(() => Answer(listener, response));
        generator.Run(startUntil: null, scenario.Patience, CancellationToken.None);
        answering.Wait();
        var row = LoadRow.Of(scenario, server: null, result, watch.Stop(), generator.CpuNanoseconds);
        if (!row.Faultless || row.Turns != Turns)
            throw new InvalidOperationException($"The generator does not understand its own canned answer: {row.Faults}");
    }

    private static void Answer(TcpListener listener, byte[] response)
    {
        using var connection = listener.AcceptSocket();
        var request = new byte[4096];
        // A request of this size comes in one piece over loopback.
        while (connection.Receive(request) > 0)
            connection.Send(response);
    }

    private static byte[] Stream()
    {
        var frames = new StringBuilder("id: 1\nevent: turn.submitted\ndata: {\"type\":\"turn.submitted\"}\n\n");
        var id = 1;
        foreach (var line in Lines())
            frames.Append($"id: {++id}\ndata: {line}\n\n");
        return Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{frames.Length:x}\r\n{frames}\r\n0\r\n\r\n");
    }

    private static byte[] Document()
    {
        var body = $"{{\"events\":[{string.Join(',', Lines())}]}}";
        return Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private static string[] Lines() =>
    [
        """{"type":"thread.started","thread_id":"0"}""",
        """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"0 1 xxxx"}}""",
        """{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"1 1 xxxx"}}""",
        """{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1}}""",
    ];
}
