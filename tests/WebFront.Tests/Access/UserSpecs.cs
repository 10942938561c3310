using System.Net;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class UserSpecs
{
    private static readonly string _alicesToken = new('a', 32);
    private static readonly string _bobsToken = new('b', 32);

    private static readonly string[] _aliceAndBob =
    [
        "--Auth:Users:0:Name=alice", $"--Auth:Users:0:Token={_alicesToken}", "--Auth:Users:0:Admin=true",
        "--Auth:Users:1:Name=bob.b@example", $"--Auth:Users:1:Token={_bobsToken}",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_token_tells_who_calls()
    {
        await using var server = await RunningServer.Start(_aliceAndBob, Endpoints);

        Assert.Equal("operator", await server.Owner.GetStringAsync("/who", Cancel));
        Assert.Equal("alice", await Ask(server, "/who", bearer: _alicesToken));
        Assert.Equal("bob.b@example", await Ask(server, "/who", bearer: _bobsToken));
        Assert.Equal("401", await Ask(server, "/who", bearer: _bobsToken + "b"));
        Assert.Equal("401", await Ask(server, "/who", bearer: new string('b', 5000)));
    }

    [Fact]
    public async Task A_session_keeps_who_it_was_and_what_the_user_may_do_is_looked_up_each_time()
    {
        using var folder = new TemporaryFolder();
        string alices, bobs;
        await using (var server = await RunningServer.Start(_aliceAndBob, Endpoints, folder: folder))
        {
            (alices, bobs) = (await SignIn(server, _alicesToken), await SignIn(server, _bobsToken));
            Assert.Equal("alice", await Ask(server, "/who", cookie: alices));
            Assert.Equal("bob.b@example", await Ask(server, "/who", cookie: bobs));
            Assert.Equal("admin", await Ask(server, "/admin-only", cookie: alices));
            Assert.Equal("403", await Ask(server, "/admin-only", cookie: bobs));
        }

        // Another start, as another node of a cluster would be, with the same tokens and other rights.
        await using var other = await RunningServer.Start([.. _aliceAndBob, "--Auth:Users:0:Admin=false", "--Auth:Users:1:Admin=true"], Endpoints, folder: folder);
        Assert.Equal("403", await Ask(other, "/admin-only", cookie: alices));
        Assert.Equal("admin", await Ask(other, "/admin-only", cookie: bobs));
    }

    [Fact]
    public async Task A_session_ends_when_its_user_goes_or_gets_another_token_and_nobody_elses_does()
    {
        using var folder = new TemporaryFolder();
        string operators, alices, bobs;
        await using (var server = await RunningServer.Start(_aliceAndBob, Endpoints, folder: folder))
            (operators, alices, bobs) = (await SignIn(server, server.Token), await SignIn(server, _alicesToken), await SignIn(server, _bobsToken));

        await using var later = await RunningServer.Start(
            ["--Auth:Users:0:Name=bob.b@example", $"--Auth:Users:0:Token={new string('c', 32)}"], Endpoints, folder: folder);

        Assert.Equal("operator", await Ask(later, "/who", cookie: operators));
        Assert.Equal("401", await Ask(later, "/who", cookie: alices));
        Assert.Equal("401", await Ask(later, "/who", cookie: bobs));
    }

    [Fact]
    public async Task A_session_cannot_be_given_another_users_name()
    {
        await using var server = await RunningServer.Start(_aliceAndBob, Endpoints);
        var bobs = await SignIn(server, _bobsToken);
        var signed = bobs[(bobs.LastIndexOf('.') + 1)..];

        foreach (var forged in (string[])[signed, $"alice.{signed}", $"operator.{signed}", $".{signed}"])
            Assert.Equal((forged, "401"), (forged, await Ask(server, "/who", cookie: forged)));
    }

    [Fact]
    public async Task Who_is_no_admin_gets_403_where_only_admins_may_be_and_a_stranger_401()
    {
        await using var server = await RunningServer.Start(_aliceAndBob, Endpoints);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin-only");
        request.Headers.Authorization = new("Bearer", _bobsToken);

        using var refused = await server.Stranger.SendAsync(request, Cancel);
        await refused.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        using var stranger = await server.Stranger.GetAsync("/admin-only", Cancel);
        await stranger.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
        Assert.Equal("admin", await server.Owner.GetStringAsync("/admin-only", Cancel));
    }

    [Fact]
    public async Task With_authentication_off_everybody_is_the_operator()
    {
        await using var server = await RunningServer.Start(["--Auth:Mode=None"], Endpoints);

        Assert.Equal("operator", await server.Stranger.GetStringAsync("/who", Cancel));
        Assert.Equal("admin", await server.Stranger.GetStringAsync("/admin-only", Cancel));
    }

    [Fact]
    public async Task All_that_is_wrong_with_users_is_said_at_once_and_without_a_token()
    {
        var own = new string('o', 32);
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningServer.Start(
            $"--Auth:Token={own}",
            "--Auth:Users:0:Name=alice", $"--Auth:Users:0:Token={_alicesToken}",
            "--Auth:Users:1:Name=ALICE", $"--Auth:Users:1:Token={_alicesToken}",
            "--Auth:Users:2:Name=Operator", $"--Auth:Users:2:Token={own}",
            "--Auth:Users:3:Name=two words", "--Auth:Users:3:Token=changeme",
            "--Auth:Users:4:Admin=true"));

        Assert.Collection(
            refused.Failures,
            failure => Assert.Equal("Auth:Users:1:Name is 'ALICE', which is already the name of Auth:Users:0.", failure),
            failure => Assert.StartsWith("Auth:Users:1:Token is the same as Auth:Users:0:Token", failure, StringComparison.Ordinal),
            failure => Assert.Equal("Auth:Users:2:Name is 'Operator', which is already the name of the holder of Auth:Token.", failure),
            failure => Assert.StartsWith("Auth:Users:2:Token is the same as Auth:Token", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:3:Name must have 1 to 64", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:3:Token must have 32 to 1024", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:4:Name must have", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:4:Token must have", failure, StringComparison.Ordinal));
        Assert.DoesNotContain(refused.Failures, failure => failure.Contains(own, StringComparison.Ordinal) || failure.Contains(_alicesToken, StringComparison.Ordinal) || failure.Contains("changeme", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_users_token_may_not_be_the_generated_one()
    {
        using var folder = new TemporaryFolder();
        string generated;
        await using (var server = await RunningServer.Start([], null, folder: folder))
            generated = server.Token;

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => RunningServer.Start(["--Auth:Users:0:Name=alice", $"--Auth:Users:0:Token={generated}"], null, folder: folder));

        Assert.Contains("'alice'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(generated, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_token_is_logged()
    {
        await using var server = await RunningServer.Start(_aliceAndBob, Endpoints);
        await SignIn(server, _alicesToken);
        await Ask(server, "/admin-only", bearer: _bobsToken);

        Assert.DoesNotContain(server.Log.All, line =>
            line.Contains(_alicesToken, StringComparison.Ordinal) || line.Contains(_bobsToken, StringComparison.Ordinal) || line.Contains(server.Token, StringComparison.Ordinal));
    }

    private static void Endpoints(WebApplication app)
    {
        app.MapGet("/who", (HttpContext context) => context.UserName());
        app.MapGet("/admin-only", () => "admin").RequireAuthorization(AccessRegistration.AdminPolicy);
    }

    /// <summary>The value of the session's cookie.</summary>
    private static async Task<string> SignIn(RunningServer server, string token)
    {
        using var response = await server.Stranger.PostAsync("/api/codex/sign-in", Answers.Json($$"""{"token":"{{token}}"}"""), Cancel);
        var cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        return Uri.UnescapeDataString(cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }

    /// <summary>The answer's text, or its status when it is a refusal.</summary>
    private static async Task<string> Ask(RunningServer server, string path, string? bearer = null, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (bearer is not null)
            request.Headers.Authorization = new("Bearer", bearer);
        if (cookie is not null)
            request.Headers.Add("Cookie", $"codex-session-{server.Address.Port}={Uri.EscapeDataString(cookie)}");
        using var response = await server.Stranger.SendAsync(request, Cancel);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(Cancel) : ((int)response.StatusCode).ToString();
    }
}
