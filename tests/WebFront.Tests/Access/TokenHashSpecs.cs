using System.Security.Cryptography;
using System.Text;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class TokenHashSpecs
{
    private static readonly string _token = new('t', 40);
    private static readonly string _alicesToken = new('a', 40);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_opens_the_server_that_knows_its_hash_alone()
    {
        using var folder = new TemporaryFolder();
        await using var server = await Start(folder, Hash(_token), Hash(_alicesToken).ToUpperInvariant());

        Assert.Equal("operator", await Ask(server, bearer: _token));
        Assert.Equal("alice", await Ask(server, bearer: _alicesToken));
        Assert.Equal("operator", await Ask(server, session: await SignIn(server, _token)));
        Assert.Equal("alice", await Ask(server, session: await SignIn(server, _alicesToken)));
        Assert.Equal("401", await Ask(server, bearer: Hash(_token)));
        Assert.False(File.Exists(folder["data/token"]));
    }

    [Fact]
    public async Task Its_sessions_outlive_a_restart_and_end_when_the_users_token_changes_and_nobody_elses_does()
    {
        using var folder = new TemporaryFolder();
        string operators, alices;
        await using (var server = await Start(folder, Hash(_token), Hash(_alicesToken)))
            (operators, alices) = (await SignIn(server, _token), await SignIn(server, _alicesToken));

        await using (var restarted = await Start(folder, Hash(_token), Hash(_alicesToken)))
            Assert.Equal(("operator", "alice"), (await Ask(restarted, session: operators), await Ask(restarted, session: alices)));
        await using var changed = await Start(folder, Hash(_token), Hash(new string('b', 40)));
        Assert.Equal(("operator", "401"), (await Ask(changed, session: operators), await Ask(changed, session: alices)));
    }

    [Fact]
    public async Task Who_has_read_the_hash_cannot_make_a_session_of_it()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        await using var server = await Start(folder, Hash(_token), Hash(_alicesToken));
        // The same program with the same configuration, on a database of the reader's own.
        await using var own = await Start(elsewhere, Hash(_token), Hash(_alicesToken));
        var session = own.Services.GetRequiredService<Sessions>().Open(User.Operator);

        Assert.Equal("operator", await Ask(own, session: session));
        Assert.Equal("401", await Ask(server, session: session));
    }

    [Fact]
    public async Task Sessions_of_a_token_in_the_configuration_need_no_secret_of_the_database()
    {
        // As earlier versions signed them: these and this one may serve the same browsers during an upgrade.
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        await using var server = await RunningServer.Start([$"--Auth:Token={_token}"], Endpoints, folder: folder);
        await using var other = await RunningServer.Start([$"--Auth:Token={_token}"], Endpoints, folder: elsewhere);

        Assert.Equal("operator", await Ask(other, session: await SignIn(server, _token)));
    }

    [Fact]
    public async Task What_is_wrong_with_hashes_is_said_at_once_and_stops_the_start()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningServer.Start(
            $"--Auth:TokenHash={Hash(_token)}",
            "--Auth:Users:0:Name=alice", $"--Auth:Users:0:Token={_token}",
            "--Auth:Users:1:Name=bob", "--Auth:Users:1:TokenHash=abc",
            "--Auth:Users:2:Name=carol", $"--Auth:Users:2:Token={_alicesToken}", $"--Auth:Users:2:TokenHash={Hash(_alicesToken)}"));

        Assert.Collection(
            refused.Failures,
            failure => Assert.StartsWith("Auth:Users:0:Token is the same as Auth:TokenHash", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:1:TokenHash must be the SHA-256", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Auth:Users:2:Token and Auth:Users:2:TokenHash are both set", failure, StringComparison.Ordinal));
        var both = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningServer.Start($"--Auth:Token={_token}", $"--Auth:TokenHash={_token}"));
        Assert.Contains(both.Failures, failure => failure.StartsWith("Auth:TokenHash must be the SHA-256", StringComparison.Ordinal));
        Assert.Contains(both.Failures, failure => failure.StartsWith("Auth:Token and Auth:TokenHash are both set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_ready_after_it_has_rehearsed_without_a_token()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.Start([$"--Auth:TokenHash={Hash(_token)}", "--WarmUp=true"], Endpoints, folder: folder);

        Assert.Contains(server.Log.All, line => line.Contains("Rehearsed", StringComparison.Ordinal));
    }

    private static Task<RunningServer> Start(TemporaryFolder folder, string hash, string alicesHash) => RunningServer.Start(
        [$"--Auth:TokenHash={hash}", "--Auth:Users:0:Name=alice", $"--Auth:Users:0:TokenHash={alicesHash}"], Endpoints, folder: folder);

    private static void Endpoints(WebApplication app) => app.MapGet("/who", (HttpContext context) => context.UserName());

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>The value of the session's cookie.</summary>
    private static async Task<string> SignIn(RunningServer server, string token)
    {
        using var response = await server.Stranger.PostAsync("/api/codex/sign-in", Answers.Json($$"""{"token":"{{token}}"}"""), Cancel);
        var cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        return cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>Who the server takes the caller for, or the status of its refusal.</summary>
    private static async Task<string> Ask(RunningServer server, string? bearer = null, string? session = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/who");
        if (bearer is not null)
            request.Headers.Authorization = new("Bearer", bearer);
        if (session is not null)
            request.Headers.Add("Cookie", $"codex-session-{server.Address.Port}={session}");
        using var response = await server.Stranger.SendAsync(request, Cancel);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(Cancel) : ((int)response.StatusCode).ToString();
    }
}
