using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd;

/// <summary>A server whose CLI has neither a login nor a provider of its own.</summary>
public sealed class LoginSpecs
{
    [Fact(Timeout = 120_000)]
    public async Task Turns_are_refused_at_once_until_somebody_logs_the_CLI_in()
    {
        await using var stage = await Stage.Open();
        File.Delete(Path.Combine(stage.Home.Path, "config.toml"));
        // Nothing of whoever runs the tests.
        stage.Settings["Codex:Environment:CODEX_API_KEY"] = "";
        stage.Settings["Codex:Environment:HTTPS_PROXY"] = "http://127.0.0.1:1";
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        // Until it is known, a turn is tried; the answer to this is what is known.
        var health = await api.Http.GetFromJsonAsync<JsonElement>("/health", TestContext.Current.CancellationToken);
        Assert.Equal("none", health.GetProperty("codex").GetProperty("login").GetString());

        await CodexApi.Refused(await api.TryStream(new { prompt = "hello" }), HttpStatusCode.ServiceUnavailable, "codex_not_logged_in");
        var run = await api.Run(new { prompt = "hello" });
        var problem = await CodexApi.Refused(run, HttpStatusCode.ServiceUnavailable, "codex_not_logged_in");
        Assert.Contains("codex login", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        await LogIn(stage);

        await using var accepted = await api.Stream(new { prompt = "hello" });
        await accepted.Until("turn.submitted");
        (await api.Interrupt(accepted.ThreadId)).Dispose();
        await accepted.ReadToEnd();
    }

    private static async Task LogIn(Stage stage)
    {
        var run = await RealCodex.Run(
            stage.Home, stage.Workspace, ["login", "--with-api-key"], "sk-test-1234567890", TestContext.Current.CancellationToken);
        Assert.Equal(0, run.ExitCode);
    }
}
