using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CodexOrleans.WebFront.Tests.Requests;

/// <summary>Every way in which the reading of a body can fail, and what strangers may send at all.</summary>
public sealed class RequestBodySpecs
{
    private const string Thread = "/api/codex/threads/0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f/interrupt";

    private static readonly string[] _takeJson = ["/api/codex/run", "/api/codex/stream", Thread, "/api/codex/sign-in"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(@"{""prompt"":""a\ud83d""}")]
    [InlineData(@"{""prompt"":""\uDE00\uD83D""}")]
    [InlineData(@"{""a\udbff\u0041"":1}")]
    [InlineData(@"{""prompt"":""p"",""model"":""\ud800""}")]
    [InlineData(@"{""prompt"":""p"",""output_schema"":{""a"":[{""b"":""\udc00""}]}}")]
    [InlineData(@"{""prompt"":""p"",""output_schema"":{""\ud800"":1}}")]
    [InlineData(@"{""prompt"":""p"",""images"":[""/\ud800""]}")]
    public async Task Half_a_surrogate_pair_is_refused_wherever_it_stands(string body)
    {
        await using var server = await RunningServer.Start();

        foreach (var path in _takeJson)
            await Refused(server, path, Encoding.UTF8.GetBytes(body), "invalid_json", "surrogate");
    }

    [Theory]
    [InlineData("{\"prompt\":\"a?\"}")]
    [InlineData("{\"pro?mpt\":\"a\"}")]
    [InlineData("{\"prompt\":\"p\",\"output_schema\":{\"?\":1}}")]
    [InlineData("{\"prompt\":\"p\",\"output_schema\":{\"a\":[\"?\"]}}")]
    [InlineData("?")]
    public async Task Bytes_that_are_not_UTF_8_are_refused_wherever_they_stand(string body)
    {
        await using var server = await RunningServer.Start();
        var bytes = Encoding.UTF8.GetBytes(body);
        bytes[body.IndexOf('?', StringComparison.Ordinal)] = 0xff;

        foreach (var path in _takeJson)
            await Refused(server, path, bytes, "invalid_json", "UTF-8");
    }

    [Fact]
    public async Task Whole_pairs_and_escaped_backslashes_are_no_halves()
    {
        await using var server = await Echo();

        using var response = await server.Owner.PostAsync("/length", Answers.Json("""{"prompt":"\ud83d\ude00\\ud83d"}"""), Cancel);

        Assert.Equal("8", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_byte_order_mark_in_front_of_a_body_is_passed_over_everywhere()
    {
        await using var server = await RunningServer.Start();
        byte[] mark = [0xef, 0xbb, 0xbf];

        await Refused(server, "/api/codex/run", [.. mark, .. "{\"prompt\":7}"u8], "invalid_request", "errors");
        using var interrupt = await server.Owner.PostAsync(Thread, Json([.. mark, .. "{}"u8]), Cancel);
        await interrupt.ShouldBeProblem(HttpStatusCode.NotFound, "thread_not_found");
        var token = Encoding.UTF8.GetBytes($$"""{"token":"{{server.Token}}"}""");
        using var signIn = await server.Stranger.PostAsync("/api/codex/sign-in", Json([.. mark, .. token]), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, signIn.StatusCode);
        await Refused(server, "/api/codex/sign-in", [.. mark, .. mark, .. "{\"token\":\"\"}"u8], "invalid_json", "two byte order marks");
    }

    [Theory]
    [InlineData("zz\r\nabc\r\n0\r\n\r\n")]
    [InlineData("ffffffffffffffff\r\nabc")]
    [InlineData("3\r\nabcdef\r\n0\r\n\r\n")]
    [InlineData("-1\r\nabc\r\n0\r\n\r\n")]
    public async Task Broken_chunks_are_a_fault_of_the_request(string chunks)
    {
        await using var server = await RunningServer.Start();

        foreach (var path in _takeJson)
        {
            var answer = await Send(server, $"{OwnersHead(server, path)}Transfer-Encoding: chunked\r\n\r\n{chunks}");

            Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
            Assert.Contains("\"invalid_request\"", answer, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(server.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_ends_too_early_is_no_fault_of_the_server()
    {
        await using var server = await RunningServer.Start();

        foreach (var path in _takeJson)
        {
            await Send(server, $"{OwnersHead(server, path)}Content-Length: 9\r\n\r\n{{", end: true);
            await Send(server, $"{OwnersHead(server, path)}Transfer-Encoding: chunked\r\n\r\n9\r\n{{", end: true);
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.DoesNotContain(server.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stranger_s_body_is_at_most_what_a_token_can_be(bool chunked)
    {
        await using var server = await RunningServer.Start();
        var longest = $$"""{"token":"{{string.Concat(Enumerable.Repeat(@"\u6f22", AuthOptions.MaxTokenLength))}}"}""";

        using var fits = await SignIn(server, longest, chunked);
        using var tooLong = await SignIn(server, longest.PadRight(8 * 1024 + 1), chunked);

        await fits.ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid_token");
        await tooLong.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    [Fact]
    public async Task A_stranger_is_refused_before_the_body_comes()
    {
        await using var server = await RunningServer.Start();

        foreach (var path in (string[])["/api/codex/run", "/api/codex/stream", Thread, "/health", "/openapi/v1.json", "/no/such/path"])
        {
            // Nothing follows the head: whoever reads waits.
            var head = $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n";
            var answer = await Send(server, head);
            Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Large_bodies_wait_for_each_other()
    {
        await using var server = await Echo();
        // Each announces the largest body, is told to go on when there is room for it, and sends nothing.
        var head = Encoding.ASCII.GetBytes(
            $"{OwnersHead(server, "/length")}Expect: 100-continue\r\nContent-Length: {8 * 1024 * 1024}\r\n\r\n");
        var first = await Task.WhenAll(Enumerable.Range(0, BodyBuffers.LargestAtOnce).Select(_ => Connect(server)));
        foreach (var socket in first)
        {
            await socket.SendAsync(head, Cancel);
            Assert.True(await socket.ReceiveAsync(new byte[100], Cancel) > 0);
        }

        var large = server.Owner.PostAsync("/length", Answers.Json($$"""{"prompt":"{{new string('x', 100_000)}}"}"""), Cancel);
        for (var i = 0; i < 20; i++)
        {
            using var small = await server.Owner.PostAsync("/length", Answers.Json("""{"prompt":"small"}"""), Cancel);
            Assert.Equal("5", await small.Content.ReadAsStringAsync(Cancel));
        }

        Assert.False(large.IsCompleted);
        first[0].Dispose();

        using var response = await large;
        Assert.Equal("100000", await response.Content.ReadAsStringAsync(Cancel));
        Array.ForEach(first, socket => socket.Dispose());
    }

    [Theory]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(200_000)]
    [InlineData(8_000_000)]
    public async Task A_body_of_any_size_is_read_whole_with_or_without_an_announced_length(int length)
    {
        await using var server = await Echo();
        var body = """{"prompt":"p"}""".PadRight(length - 1) + "\n";

        foreach (var chunked in (bool[])[false, true])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/length") { Content = Answers.Json(body) };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await server.Owner.SendAsync(request, Cancel);
            Assert.Equal("1", await response.Content.ReadAsStringAsync(Cancel));
        }
    }

    private static Task<RunningServer> Echo() =>
        RunningServer.Start([], app => app.MapPost("/length", JsonRequestSpecs.Length).Accepts<JsonRequestSpecs.Order>("application/json"));

    /// <summary>All of a head but how the body is framed.</summary>
    private static string OwnersHead(RunningServer server, string path) =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.Token}\r\nContent-Type: application/json\r\n";

    private static async Task Refused(RunningServer server, string path, byte[] body, string code, string reason)
    {
        using var response = await server.Owner.PostAsync(path, Json(body), Cancel);
        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, code);
        Assert.Contains(reason, problem.Detail(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SignIn(RunningServer server, string json, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/codex/sign-in") { Content = Answers.Json(json) };
        request.Headers.TransferEncodingChunked = chunked;
        return await server.Stranger.SendAsync(request, Cancel);
    }

    private static ByteArrayContent Json(byte[] body) =>
        new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static async Task<Socket> Connect(RunningServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Address.Host, server.Address.Port, Cancel);
        return socket;
    }

    /// <summary>The beginning of the answer, with its body if that comes at once; empty when there is none.</summary>
    private static async Task<string> Send(RunningServer server, string request, bool end = false)
    {
        using var socket = await Connect(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), Cancel);
        if (end)
            socket.Shutdown(SocketShutdown.Send);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (!answer.ToString().Contains("}\r\n", StringComparison.Ordinal)
                && await socket.ReceiveAsync(buffer, Cancel) is > 0 and var count)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // Hung up on.
        }

        return answer.ToString();
    }
}
