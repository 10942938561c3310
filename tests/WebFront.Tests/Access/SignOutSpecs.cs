using System.Net;
using CodexOrleans.Storage;
using CodexOrleans.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class SignOutSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signing_out_ends_the_session_and_no_other_one()
    {
        await using var server = await RunningServer.Start();
        var (session, other) = (await SignIn(server), await SignIn(server));

        using (var response = await SignOut(server, session))
        {
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
            Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusWith(server, session));
        Assert.Equal(HttpStatusCode.OK, await StatusWith(server, other));
        using var again = await SignOut(server, session);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Fact]
    public async Task A_browser_without_a_session_is_signed_out_as_well_and_nothing_is_kept_of_it()
    {
        await using var server = await RunningServer.Start();

        foreach (var session in (string?[])[null, "made-up", new string('A', 75)])
        {
            using var response = await SignOut(server, session);
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }

        Assert.Empty(await server.Services.GetRequiredService<IBrowserSessionStore>().ReadEndedSessions(cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_session_that_was_signed_out_of_stays_ended_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        string session, other;
        await using (var server = await RunningServer.Start([], null, folder: folder))
        {
            (session, other) = (await SignIn(server), await SignIn(server));
            (await SignOut(server, session)).Dispose();
        }

        await using var restarted = await RunningServer.Start([], null, folder: folder);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusWith(restarted, session));
        Assert.Equal(HttpStatusCode.OK, await StatusWith(restarted, other));
    }

    [Fact(Timeout = 60_000)]
    public async Task Signing_out_breaks_off_the_streams_of_the_session()
    {
        await using var server = await RunningServer.Start([], app => app.MapGet("/endless", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("begin\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }));
        var (session, other) = (await SignIn(server), await SignIn(server));
        using var reading = await OpenEndless(server, session);
        using var others = await OpenEndless(server, other);

        (await SignOut(server, session)).Dispose();

        await Assert.ThrowsAnyAsync<IOException>(async () => await reading.ReadLineAsync(TestContext.Current.CancellationToken));
        var goesOn = others.ReadLineAsync(Cancel).AsTask();
        Assert.False(goesOn.IsCompleted);
        (await SignOut(server, other)).Dispose();
        await Assert.ThrowsAnyAsync<IOException>(() => goesOn);
    }

    [Fact]
    public async Task While_the_sign_out_cannot_be_written_it_is_refused_and_the_session_goes_on()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.Start(["--Storage:RetryFor=00:00:00.1"], null, folder: folder);
        var session = await SignIn(server);
        await using (var other = new SqliteConnection($"Data Source={folder["data/codex-orleans.db"]};Pooling=false"))
        {
            await other.OpenAsync(Cancel);
            await using var locking = other.BeginTransaction(deferred: false);

            using var refused = await SignOut(server, session);

            await refused.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "storage_unavailable");
            Assert.False(refused.Headers.Contains("Set-Cookie"));
            // The health is bad, and told to this session still.
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusWith(server, session));
        }

        (await SignOut(server, session)).Dispose();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusWith(server, session));
    }

    /// <summary>The value of the session's cookie: its name holds the port.</summary>
    private static async Task<string> SignIn(RunningServer server)
    {
        using var response = await server.Stranger.PostAsync("/api/codex/sign-in", Answers.Json($$"""{"token":"{{server.Token}}"}"""), Cancel);
        var cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        return cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..];
    }

    private static Task<HttpResponseMessage> SignOut(RunningServer server, string? session) => Send(server, HttpMethod.Post, "/api/codex/sign-out", session);

    private static async Task<HttpStatusCode> StatusWith(RunningServer server, string session)
    {
        using var response = await Send(server, HttpMethod.Get, "/health", session);
        return response.StatusCode;
    }

    private static async Task<StreamReader> OpenEndless(RunningServer server, string session)
    {
        var response = await Send(server, HttpMethod.Get, "/endless", session);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal("begin", await reader.ReadLineAsync(Cancel));
        return reader;
    }

    private static async Task<HttpResponseMessage> Send(RunningServer server, HttpMethod method, string path, string? session)
    {
        using var request = new HttpRequestMessage(method, path);
        if (session is not null)
            request.Headers.Add("Cookie", $"codex-session-{server.Address.Port}={session}");
        return await server.Stranger.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }
}
