using CodexOrleans.Codex.Processes;
using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.DemoModel;

namespace CodexOrleans.Codex.Tests.Accounts;

/// <summary>What a command of the real CLI sees of what the server and the CLI know.</summary>
public sealed class CommandEnvironmentSpecs
{
    private const string Secret = "only-for-the-cli";

    [Theory]
    [InlineData(SandboxMode.ReadOnly)]
    [InlineData(SandboxMode.WorkspaceWrite)]
    [InlineData(SandboxMode.DangerFullAccess)]
    public async Task A_command_sees_what_it_needs_and_what_the_operator_passes_and_no_secret(SandboxMode sandbox)
    {
        // Something of this process that nobody passes to the CLI by default.
        var passed = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .First(k => k.StartsWith("DOTNET_", StringComparison.Ordinal) || k is "PWD" or "OLDPWD");
        string[] secrets =
        [
            "CODEX_API_KEY", "CODEX_HOME", "HTTPS_PROXY", "http_proxy", "Auth__Token", "Storage__ConnectionString", "MY_PROVIDER_KEY",
            "FROM_HOME", "FROM_CONFIG", DemoProvider.KeyVariable,
        ];
        await using var engine = await RealEngine.Start(
            (o, home) =>
            {
                o.Environment["CODEX_API_KEY"] = Secret;
                o.Environment["HTTPS_PROXY"] = $"http://user:{Secret}@127.0.0.1:1";
                o.Environment["http_proxy"] = $"http://user:{Secret}@127.0.0.1:1";
                o.Environment["ALL_PROXY"] = "http://127.0.0.1:1";
                o.Environment["NO_PROXY"] = "127.0.0.1";
                o.Environment["Auth__Token"] = Secret;
                o.Environment["Storage__ConnectionString"] = $"Host=db;Password={Secret}";
                o.Environment["MY_PROVIDER_KEY"] = Secret;
                o.Environment["TZ"] = "Europe/Paris";
                o.Environment["LC_TIME"] = "C.UTF-8";
                o.Environment["GITHUB_TOKEN"] = "on-purpose";
                o.PassEnvironment.Add(passed);
                o.PassToCommands.AddRange(["GITHUB_TOKEN", "FROM_CONFIG_TOO"]);
                o.ConfigOverrides["shell_environment_policy.set.FROM_OVERRIDE"] = "\"on-purpose\"";
                File.WriteAllText(Path.Combine(home.Path, ".env"), $"FROM_HOME={Secret}\n");
            },
            $$"""
            [shell_environment_policy]
            inherit = "all"
            include_only = ["*"]
            exclude = ["CODEX_*"]
            set = { FROM_CONFIG = "{{Secret}}", FROM_CONFIG_TOO = "on-purpose" }
            """);

        var (exitCode, output) = await engine.Command("env", sandbox);

        var variables = output.Split('\n')
            .Select(l => l.TrimEnd('\r').Split('=', 2)).Where(l => l.Length == 2).ToLookup(l => l[0], l => l[1]);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.All(secrets, s => Assert.False(variables.Contains(s), s));
        Assert.All(["GITHUB_TOKEN", "FROM_OVERRIDE", "FROM_CONFIG_TOO"], n => Assert.Equal(["on-purpose"], variables[n]));
        Assert.All(["PATH", "HOME", "LANG"], n => Assert.True(variables.Contains(n), n));
        Assert.Equal("Europe/Paris", variables["TZ"].Single());
        Assert.Equal("C.UTF-8", variables["LC_TIME"].Single());
        Assert.Equal("http://127.0.0.1:1", variables["ALL_PROXY"].Single());
        Assert.Equal(engine.Fixture.Host.Value, variables[ProcessTag.HostVariable].Single());
        Assert.True(Guid.TryParse(variables[ProcessTag.TurnVariable].Single(), out _));
        // bash sets it for itself.
        Assert.True(passed is "PWD" || !variables.Contains(passed), passed);
    }

    [Theory]
    [InlineData(SandboxMode.ReadOnly)]
    [InlineData(SandboxMode.WorkspaceWrite)]
    public async Task A_sandboxed_command_finds_no_process_of_the_server_or_the_CLI(SandboxMode sandbox)
    {
        await using var engine = await RealEngine.Start((o, _) => o.Environment["CODEX_API_KEY"] = Secret);

        var (_, output) = await engine.Command("cat /proc/[0-9]*/environ | tr '\\0' '\\n'; ls -d /proc/[0-9]*", sandbox);

        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.Contains("/proc/1", output, StringComparison.Ordinal);
    }
}
