using System.Net;
using CodexOrleans.Grains;
using CodexOrleans.Storage.Data;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Turns;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.WebFront.Tests;

public sealed class WarmUpSpecs
{
    private const string Rehearsed = "Rehearsed ";
    private const string NotRehearsed = "No turn could be rehearsed";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_is_ready_only_after_its_turns_are_rehearsed()
    {
        var during = new Probe();
        await using var server = await RunningServer.Start(["--WarmUp=true"], null, services =>
        {
            services.AddSingleton<ThreadOwner>(provider => id =>
            {
                during.Ask(provider);
                return provider.GetRequiredService<IClusterClient>().GetGrain<IThreadGrain>(id);
            });
        });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await during.Answer);
        Assert.Contains(server.Log.All, line => line.Contains(Rehearsed, StringComparison.Ordinal));
        using var ready = await server.Stranger.GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Theory]
    [InlineData("--Auth:Mode=Token")]
    [InlineData("--Auth:Mode=None")]
    [InlineData("--Codex:ExecutablePath=no-such-codex")]
    [InlineData("--Codex:MaxConcurrentTurns=1")]
    [InlineData("--urls=http://localhost:0")]
    public async Task Nothing_remains_of_rehearsed_turns(string argument)
    {
        // Kestrel gives no free port for the name of localhost, but it does for its address.
        var urls = argument.StartsWith("--urls", StringComparison.Ordinal) ? $"--urls=http://localhost:{FreePorts.Next()}" : argument;
        await using var server = await RunningServer.Start("--WarmUp=true", urls);

        Assert.Contains(server.Log.All, line => line.Contains(Rehearsed, StringComparison.Ordinal));
        await AssertNothingRemains(server);
    }

    [Fact]
    public async Task Without_warm_up_no_turn_is_rehearsed()
    {
        await using var server = await RunningServer.Start("--WarmUp=false");

        Assert.DoesNotContain(server.Log.All, line => line.Contains(Rehearsed, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task What_a_killed_start_left_behind_is_gone_after_the_next_one(string warmUp)
    {
        using var folder = new TemporaryFolder();
        // Whatever of it a start has made by the time it is killed. The folders are there for a moment only.
        using var workspaces = new FileSystemWatcher(Directory.CreateDirectory(folder["data/workspaces"]).FullName) { EnableRaisingEvents = true };
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        workspaces.Created += (_, _) => made.TrySetResult();
        await using (var victim = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"], "--Codex:ExecutablePath=no-such-codex"]))
        {
            await made.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            await victim.Kill();
        }

        await using var server = await RunningServer.Start([$"--WarmUp={warmUp}"], null, folder: folder);

        await AssertNothingRemains(server);
    }

    [Fact]
    public async Task A_warm_up_that_fails_does_not_stop_the_start()
    {
        await using var server = await RunningServer.Start(["--WarmUp=true"], null, services =>
            services.AddSingleton<ThreadOwner>(_ => _ => throw new InvalidOperationException("The owner is out.")));

        Assert.Contains(server.Log.All, line => line.Contains(NotRehearsed, StringComparison.Ordinal));
        using var ready = await server.Stranger.GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task A_users_turn_is_no_rehearsal_whatever_it_says()
    {
        await using var server = await RunningServer.Start("--WarmUp=true", "--Codex:ExecutablePath=no-such-codex");
        var key = new string('0', 64);

        using var missing = await Post(server, """{"prompt":"{}"}""", key);
        using var reserved = await Post(server, $$"""{"prompt":"{}","thread_id":"{{RehearsalThreads.Of("another installation")[0]}}"}""", key);
        using var field = await Post(server, """{"prompt":"{}","rehearsal":true}""", key);

        await missing.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "codex_not_installed");
        await reserved.ShouldBeProblem(HttpStatusCode.NotFound, "thread_not_found");
        Assert.Equal(HttpStatusCode.BadRequest, field.StatusCode);
    }

    [Fact]
    public void A_key_opens_until_it_is_discarded()
    {
        var key = new RehearsalKey();
        var text = key.Text!;
        var request = new Microsoft.AspNetCore.Http.DefaultHttpContext().Request;

        Assert.False(key.Sent(request));
        request.Headers[RehearsalKey.Header] = new string('0', 64);
        Assert.False(key.Sent(request));
        request.Headers[RehearsalKey.Header] = text;
        Assert.True(key.Sent(request));
        key.Discard();
        Assert.False(key.Sent(request));
        Assert.NotEqual(text, new RehearsalKey().Text);
    }

    [Fact]
    public async Task A_signal_during_the_start_ends_the_server_in_order()
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"]]);
        await Condition.Becomes(() => File.Exists(folder["data/codex-orleans.db"]));

        await server.Terminate();

        Assert.Equal(0, await server.Exit());
        Assert.DoesNotContain("   at ", server.Output + server.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertNothingRemains(RunningServer server)
    {
        var data = server.Services.GetRequiredService<DataDirectory>();
        Assert.Empty(Directory.EnumerateFileSystemEntries(data.Workspaces));
        await using var log = new SqliteConnection($"Data Source={data.Database};Pooling=false;Mode=ReadOnly");
        await log.OpenAsync(Cancel);
        foreach (var table in (string[])["threads", "turns", "chunks"])
        {
            await using var count = log.CreateCommand();
            count.CommandText = $"SELECT count(*) FROM {table}";
            Assert.Equal(0L, await count.ExecuteScalarAsync(Cancel));
        }
    }

    private static Task<HttpResponseMessage> Post(RunningServer server, string json, string key) => server.Owner.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/api/codex/stream") { Content = Answers.Json(json), Headers = { { RehearsalKey.Header, key } } }, Cancel);

    /// <summary>Asks once, from within the start, whether the server is ready.</summary>
    private sealed class Probe
    {
        private readonly TaskCompletionSource<HttpStatusCode> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public Task<HttpStatusCode> Answer => _answer.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public void Ask(IServiceProvider services)
        {
            if (Interlocked.Exchange(ref _asked, 1) != 0)
                return;
            // The caller is the rehearsal itself, so the start goes on only when this is known.
            var address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, address + "/health/ready");
            using var response = client.Send(request);
            _answer.SetResult(response.StatusCode);
        }
    }
}
