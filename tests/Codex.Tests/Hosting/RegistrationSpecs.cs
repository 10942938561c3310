using CodexOrleans.Codex.Hosting;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Tests.Hosting;

public sealed class RegistrationSpecs
{
    private static HostApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Services.AddCodexEngine();
        return builder;
    }

    [Fact]
    public async Task A_host_runs_turns_with_the_options_of_its_configuration()
    {
        using var folder = new TemporaryFolder();
        var builder = Builder(("Codex:ExecutablePath", FakeCli.Path), ("Codex:Environment:GREETING", "hello from the settings"));
        builder.Services.AddSingleton(new ProcessTag("some-installation", "some-start"));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var session = host.Services.GetRequiredService<ICodexEngine>().Open(new SessionSpec
        {
            ThreadId = Guid.CreateVersion7(),
            Account = host.Services.GetRequiredService<CodexAccount>(),
        });

        await using var turn = session.Start(new TurnSpec
        {
            TurnId = Guid.CreateVersion7(),
            Prompt = "started; message \"$GREETING\"; message \"$CODEX_ORLEANS_HOST\" 1; completed",
            Options = new ThreadOptions { WorkingDirectory = folder.Path },
        });
        var recording = await turn.Record();
        await turn.Settled;
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Contains("hello from the settings", recording.Lines[2], StringComparison.Ordinal);
        Assert.Contains("some-installation", recording.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_deletes_scratch_files_of_an_earlier_one()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["scratch/left"]);
        var builder = Builder();
        builder.Services.AddSingleton(new ScratchFolder(folder["scratch"]));
        using var host = builder.Build();

        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.False(Directory.Exists(folder["scratch/left"]));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_and_are_all_named()
    {
        using var host = Builder(("Codex:TurnTimeout", "00:00:00"), ("Codex:StopGrace", "-00:00:01"), ("Codex:ExecutablePath", "/no/such/codex")).Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(3, error.Failures.Count());
    }

    [Theory]
    [InlineData("Codex:ConfigOverrides:shell_environment_policy.include_only", "[\"*\"]")]
    [InlineData("Codex:ConfigOverrides:shell_environment_policy", "{ include_only = [\"PATH\"] }")]
    [InlineData("Codex:PassToCommands:0", "*")]
    public void What_commands_see_is_named_and_not_opened_by_a_pattern(string key, string value)
    {
        using var host = Builder((key, value)).Build();

        var error = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IOptions<CodexOptions>>().Value);

        Assert.Contains("Codex:PassToCommands", Assert.Single(error.Failures), StringComparison.Ordinal);
    }
}
