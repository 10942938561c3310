using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using CodexOrleans.Codex.Installation;
using CodexOrleans.Codex.Processes;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Tests.Installation;

[SupportedOSPlatform("linux")]
public sealed class InstallationSpecs : IDisposable
{
    private static readonly string _cpu = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
    private static readonly string _triple = (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64") + "-unknown-linux-musl";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(params string[] path)
    {
        var file = _folder[Path.Combine(path)];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return file;
    }

    [Theory]
    [InlineData("lib/node_modules/@openai/codex/node_modules/@openai")]
    [InlineData("lib/node_modules/@openai")]
    public void The_command_of_npm_leads_to_the_native_binary_nested_or_lifted(string where)
    {
        var script = Write("lib/node_modules/@openai/codex/bin/codex.js");
        var native = Write(where, $"codex-linux-{_cpu}", "vendor", _triple, "bin", "codex");
        Directory.CreateDirectory(_folder["bin"]);
        File.CreateSymbolicLink(_folder["bin/codex"], script);

        Assert.Equal(native, CodexExecutable.Find(null, _folder.Path, _folder["bin"]));
        Assert.Equal(native, CodexExecutable.Find(_folder["bin/codex"], _folder.Path, null));
        Assert.Equal(native, CodexExecutable.Find("codex", _folder.Path, _folder["bin"]));
    }

    [Fact]
    public void A_checkouts_pinned_CLI_comes_before_the_one_on_PATH()
    {
        Write("path/codex");
        Write("tools/codex/node_modules/@openai/codex/bin/codex.js");
        var native = Write("tools/codex/node_modules/@openai", $"codex-linux-{_cpu}", "vendor", _triple, "bin", "codex");

        Assert.Equal(native, CodexExecutable.Find(null, _folder["artifacts/bin/x"], _folder["path"]));
    }

    [Fact]
    public void A_native_binary_on_PATH_is_taken_as_it_is()
    {
        var native = Write("path/codex");

        Assert.Equal(native, CodexExecutable.Find(null, _folder.Path, $"/no/such{Path.PathSeparator}{_folder["path"]}"));
    }

    [Fact]
    public void A_file_that_is_not_executable_is_not_found_on_PATH()
    {
        File.SetUnixFileMode(Write("path/codex"), UnixFileMode.UserRead);

        Assert.Null(CodexExecutable.Find(null, _folder.Path, _folder["path"]));
    }

    [Fact]
    public void A_configured_path_that_is_not_there_is_not_replaced_by_another()
    {
        Write("path/codex");

        Assert.Null(CodexExecutable.Find("/no/such/codex", _folder.Path, _folder["path"]));
    }

    [Theory]
    [InlineData("Logged in using ChatGPT", 0, LoginState.ChatGpt)]
    [InlineData("API key configured - sk-test-***67890", 0, LoginState.ApiKey)]
    [InlineData("Not logged in", 1, LoginState.LoggedOut)]
    public async Task Version_and_login_are_what_the_CLI_says(string status, int exitCode, LoginState expected)
    {
        using var installation = Installation(o =>
        {
            o.Environment["FAKE_CODEX_LOGIN"] = status;
            o.Environment["FAKE_CODEX_LOGIN_EXIT"] = $"{exitCode}";
        });

        var facts = await installation.GetFacts(TestContext.Current.CancellationToken);

        Assert.Equal(("0.0.0-fake", expected), (facts.Version, facts.Login));
        Assert.Equal(expected == LoginState.LoggedOut, facts.Problem is not null);
    }

    [Theory]
    [InlineData("model_provider = \"azure\"\n", LoginState.CustomProvider)]
    [InlineData("model = \"x\"\nmodel_provider = 'openai'\n", LoginState.ApiKey)]
    [InlineData("[profiles.p]\nmodel_provider = \"azure\"\n", LoginState.ApiKey)]
    public async Task A_provider_of_the_operators_own_needs_no_login(string config, LoginState expected)
    {
        await File.WriteAllTextAsync(_folder["config.toml"], config, TestContext.Current.CancellationToken);
        using var installation = Installation(_ => { });

        Assert.Equal(expected, (await installation.GetFacts(TestContext.Current.CancellationToken)).Login);
    }

    [Theory]
    [InlineData("\"model_provider\" = \"azure\"\n", LoginState.CustomProvider)]
    [InlineData("model_provider = \"\"\"azure\"\"\"\n", LoginState.CustomProvider)]
    [InlineData("profile = \"p\"\n[profiles.p]\nmodel_provider = \"azure\"\n", LoginState.CustomProvider)]
    [InlineData("profile = \"p\"\nprofiles = { p = { model_provider = 'azure' } }\n", LoginState.CustomProvider)]
    [InlineData("profile = \"p\"\nprofiles.p.model_provider = 'azure'\n", LoginState.CustomProvider)]
    [InlineData("profile = \"elsewhere\"\n", LoginState.Unknown)]
    [InlineData("openai_base_url = \"http://127.0.0.1:1/v1\"\n", LoginState.Unknown)]
    [InlineData("[model_providers.openai]\nbase_url = \"http://127.0.0.1:1/v1\"\n", LoginState.Unknown)]
    [InlineData("not TOML", LoginState.Unknown)]
    [InlineData("[profiles.p]\nmodel_provider = \"azure\"\n", LoginState.LoggedOut)]
    [InlineData("model_provider = \"openai\" # model_provider = \"azure\"\n", LoginState.LoggedOut)]
    public async Task A_turn_is_tried_unless_it_is_certain_that_a_login_is_missing(string config, LoginState expected)
    {
        await File.WriteAllTextAsync(_folder["config.toml"], config, TestContext.Current.CancellationToken);
        using var installation = Installation(LoggedOut);

        Assert.Equal(expected, (await installation.GetFacts(TestContext.Current.CancellationToken)).Login);
        Assert.Equal(expected == LoginState.LoggedOut, installation.IsLoggedOut);
    }

    [Theory]
    [InlineData("profile", "\"p\"", LoginState.CustomProvider)]
    [InlineData("model_provider", "\"azure\"", LoginState.CustomProvider)]
    [InlineData("openai_base_url", "\"http://127.0.0.1:1/v1\"", LoginState.Unknown)]
    [InlineData("model", "\"m\"", LoginState.LoggedOut)]
    public async Task The_operators_overrides_count_as_well(string key, string value, LoginState expected)
    {
        await File.WriteAllTextAsync(_folder["p.config.toml"], "model_provider = 'azure'", TestContext.Current.CancellationToken);
        using var installation = Installation(o =>
        {
            LoggedOut(o);
            o.ConfigOverrides[key] = value;
        });

        Assert.Equal(expected, (await installation.GetFacts(TestContext.Current.CancellationToken)).Login);
    }

    [Fact]
    public async Task Variables_and_a_CLI_that_cannot_tell_leave_it_open()
    {
        using var token = Installation(o =>
        {
            LoggedOut(o);
            o.Environment["CODEX_ACCESS_TOKEN"] = "t";
        });
        using var keyring = Installation(o =>
        {
            LoggedOut(o);
            o.Environment["FAKE_CODEX_LOGIN"] = "Error checking login status: no keyring";
        });
        using var unasked = Installation(LoggedOut);

        Assert.False(unasked.IsLoggedOut);
        Assert.Equal(LoginState.Unknown, (await token.GetFacts(TestContext.Current.CancellationToken)).Login);
        Assert.Equal(LoginState.Unknown, (await keyring.GetFacts(TestContext.Current.CancellationToken)).Login);
        await File.WriteAllTextAsync(_folder[".env"], "CODEX_API_KEY=k", TestContext.Current.CancellationToken);
        Assert.Equal(LoginState.Unknown, (await unasked.GetFacts(TestContext.Current.CancellationToken)).Login);
    }

    [Fact]
    public async Task A_machine_on_which_commands_cannot_be_sandboxed_is_a_problem_with_advice()
    {
        using var installation = Installation(o => o.Environment["FAKE_CODEX_SANDBOX_EXIT"] = "1");

        var facts = await installation.GetFacts(TestContext.Current.CancellationToken);

        Assert.False(facts.SandboxWorks);
        Assert.Contains("user namespaces", facts.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_in_the_environment_is_a_login()
    {
        using var installation = Installation(o =>
        {
            o.Environment["CODEX_API_KEY"] = "k";
            o.Environment["FAKE_CODEX_LOGIN_EXIT"] = "1";
        });

        Assert.Equal(LoginState.ApiKey, (await installation.GetFacts(TestContext.Current.CancellationToken)).Login);
    }

    [Fact]
    public async Task The_CLI_is_asked_again_only_when_something_has_changed()
    {
        using var installation = Installation(_ => { });

        var first = await installation.GetFacts(TestContext.Current.CancellationToken);
        var second = await installation.GetFacts(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder["auth.json"], "{}", TestContext.Current.CancellationToken);
        var third = await installation.GetFacts(TestContext.Current.CancellationToken);

        Assert.Same(first, second);
        Assert.NotSame(second, third);
        Assert.NotSame(third, await installation.Refresh(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_CLI_that_is_not_there_or_cannot_run_is_a_problem_with_advice()
    {
        using var missing = Installation(o => o.ExecutablePath = "/no/such/codex");
        using var broken = Installation(o => o.ExecutablePath = Write("broken"));

        var notThere = await missing.GetFacts(TestContext.Current.CancellationToken);
        var notRunning = await broken.GetFacts(TestContext.Current.CancellationToken);

        Assert.False(notThere.Installed);
        Assert.Contains("npm i -g @openai/codex", notThere.Problem, StringComparison.Ordinal);
        Assert.False(notRunning.Installed);
        Assert.NotNull(notRunning.Problem);
    }

    private static void LoggedOut(CodexOptions options)
    {
        options.Environment["FAKE_CODEX_LOGIN"] = "Not logged in";
        options.Environment["FAKE_CODEX_LOGIN_EXIT"] = "1";
    }

    private CodexInstallation Installation(Action<CodexOptions> configure)
    {
        // Nothing of the user that runs the tests.
        var options = new CodexOptions { ExecutablePath = FakeCli.Path, Home = _folder.Path, Environment = { ["CODEX_API_KEY"] = "" } };
        configure(options);
        return new CodexInstallation(new OptionsWrapper<CodexOptions>(options), new CodexAccount(options, ProcessTag.Ephemeral()));
    }
}
