using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using CodexOrleans.Cluster.Suite;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>Who gets in at a node, and with what: the browser sees one host, behind which a balancer chooses.</summary>
public sealed partial class AccessSpecs
{
    /// <summary>What the browser takes for the server.</summary>
    private const string Host = "localhost:8443";

    [Fact(Timeout = 120_000)]
    public async Task A_session_that_one_node_has_opened_holds_at_all_of_them()
    {
        var nodes = (await SharedClusters.Real).Addresses;
        using var http = Browser();
        foreach (var node in nodes)
        {
            using var signIn = await Send(http, HttpMethod.Post, node, "/api/codex/sign-in", cookie: null, TestContext.Current.CancellationToken, new { token = Nodes.Token });
            Assert.Equal(HttpStatusCode.NoContent, signIn.StatusCode);
            foreach (var other in nodes)
                Assert.Equal(HttpStatusCode.OK, await Health(http, other, Cookie(signIn), TestContext.Current.CancellationToken));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await Health(http, nodes[0], "codex-session-8443=made-up", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_printed_link_works_once_at_the_node_that_printed_it_and_opens_a_session_everywhere()
    {
        // Links are old after ten minutes, and the other specs' nodes may be older.
        await using var own = await Nodes.Start([], "a", "b");
        await own["a"].Said("/sign-in?ticket=");
        Uri[] nodes = [own["a"].Address, own["b"].Address];
        using var http = Browser();
        var link = Assert.Single(LinkPattern().Matches(own["a"].Output)).Value;

        using (var shown = await Send(http, HttpMethod.Get, nodes[0], link, cookie: null, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        using (var elsewhere = await Send(http, HttpMethod.Post, nodes[1], link, cookie: null, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.Gone, elsewhere.StatusCode);
        using var signIn = await Send(http, HttpMethod.Post, nodes[0], link, cookie: null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, signIn.StatusCode);
        using (var again = await Send(http, HttpMethod.Post, nodes[0], link, cookie: null, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.Gone, again.StatusCode);
        foreach (var node in nodes)
            Assert.Equal(HttpStatusCode.OK, await Health(http, node, Cookie(signIn), TestContext.Current.CancellationToken));

        // A sign-out outlives the node that took it.
        using var signOut = await Send(http, HttpMethod.Post, nodes[0], "/api/codex/sign-out", Cookie(signIn), TestContext.Current.CancellationToken);
        await own["a"].Kill();
        Assert.Equal(HttpStatusCode.NoContent, signOut.StatusCode);
        var back = await own.StartNode("a");
        Assert.Equal(HttpStatusCode.Unauthorized, await Health(http, back.Address, Cookie(signIn), TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_sign_out_at_any_node_ends_the_session_at_once_there_and_soon_at_all_of_them_with_its_streams()
    {
        var cluster = await SharedClusters.Fake;
        var (nodes, random) = (cluster.Addresses, RandomNodes.SeededRandom());
        var cancellation = TestContext.Current.CancellationToken;
        using var http = Browser();
        using var signIn = await Send(http, HttpMethod.Post, Any(), "/api/codex/sign-in", cookie: null, cancellation, new { token = Nodes.Token });
        using var other = await Send(http, HttpMethod.Post, Any(), "/api/codex/sign-in", cookie: null, cancellation, new { token = Nodes.Token });
        using var api = new CodexApi(At(Any()), cancellation);
        var turn = await api.Turn(new { prompt = "started; completed" });
        using var stream = await Send(http, HttpMethod.Get, Any(), $"/api/codex/threads/{turn.ThreadId}/events", Cookie(signIn), cancellation, accept: "text/event-stream");
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        var chosen = Any();

        using var signOut = await Send(http, HttpMethod.Post, chosen, "/api/codex/sign-out", Cookie(signIn), cancellation);

        Assert.Equal(HttpStatusCode.NoContent, signOut.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await Health(http, chosen, Cookie(signIn), cancellation));
        foreach (var node in nodes)
        {
            await Condition.Becomes(async () => await Health(http, node, Cookie(signIn), cancellation) == HttpStatusCode.Unauthorized);
            Assert.Equal(HttpStatusCode.OK, await Health(http, node, Cookie(other), cancellation));
        }

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await using var events = await stream.Content.ReadAsStreamAsync(cancellation);
            await events.CopyToAsync(Stream.Null, cancellation);
        });

        Uri Any() => nodes[random.Next(nodes.Count)];
    }

    [Fact(Timeout = 120_000)]
    public async Task A_node_that_would_make_a_token_of_its_own_does_not_start()
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string> { ["Cluster:Mode"] = "Node", ["Storage:Provider"] = "Postgres", ["Storage:ConnectionString"] = "Host=127.0.0.1;Port=1" };

        await using var node = await ServerProcess.RunToExit(folder.Path, settings).WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, node.ExitCode);
        Assert.Contains("Auth:Token", node.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["token"]));
    }

    [Fact(Timeout = 120_000)]
    public async Task Every_option_of_a_turn_reaches_a_thread_at_another_node()
    {
        var cluster = await SharedClusters.Real;
        var folder = cluster.Stage.NewFolder();
        var image = Path.Combine(folder, "dot.png");
        await File.WriteAllBytesAsync(image, Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        Guid? thread = null;
        foreach (var node in cluster.Addresses)
        {
            using var api = new CodexApi(At(node), TestContext.Current.CancellationToken);
            var turn = await api.Turn(
                new
                {
                    prompt = "SCENARIO:echo",
                    thread_id = thread,
                    model = "gpt-5.6-luna",
                    model_reasoning_effort = "high",
                    sandbox = "workspace-write",
                    working_directory = folder,
                    additional_directories = new[] { cluster.Stage.Workspace },
                    skip_git_repo_check = true,
                    network_access_enabled = true,
                    output_schema = new { type = "object", additionalProperties = false, properties = new { }, required = Array.Empty<string>() },
                    images = new[] { image },
                },
                tape);
            thread = turn.ThreadId;

            var request = JsonDocument.Parse(turn.Answer).RootElement;
            Assert.Equal("gpt-5.6-luna", request.GetProperty("model").GetString());
            Assert.Equal("high", request.GetProperty("effort").GetString());
            Assert.True(request.GetProperty("images").GetInt32() > 0);
            Assert.Equal("json_schema", request.GetProperty("format").GetProperty("type").GetString());
            var options = tape.Events.Last(frame => frame.Type == "turn.submitted").Json.GetProperty("options");
            Assert.Equal([cluster.Stage.Workspace], options.GetProperty("additional_directories").EnumerateArray().Select(path => path.GetString()));
        }
    }

    private static HttpClient Browser() => new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });

    private static HttpClient At(Uri node)
    {
        var http = new HttpClient { BaseAddress = node, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Nodes.Token);
        return http;
    }

    private static string Cookie(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];

    private static async Task<HttpStatusCode> Health(HttpClient http, Uri node, string cookie, CancellationToken cancellationToken)
    {
        using var response = await Send(http, HttpMethod.Get, node, "/health", cookie, cancellationToken);
        return response.StatusCode;
    }

    private static Task<HttpResponseMessage> Send(
        HttpClient http, HttpMethod method, Uri node, string path, string? cookie, CancellationToken cancellationToken, object? body = null, string? accept = null)
    {
        var request = new HttpRequestMessage(method, new Uri(node, path));
        request.Headers.Host = Host;
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        if (accept is not null)
            request.Headers.Add("Accept", accept);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    [GeneratedRegex(@"/sign-in\?ticket=\S+")]
    private static partial Regex LinkPattern();
}
