using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport.Telemetry;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A server that exports to a receiver of the test's, on a CLI that does what the prompt, a shell script, says.</summary>
public sealed class ObservedServer : RunningServer, IAsyncLifetime
{
    public OtlpReceiver Receiver { get; private set; } = null!;

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        Receiver = await OtlpReceiver.Start();
        await InitializeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await Receiver.DisposeAsync();
    }

    protected override void Configure(IDictionary<string, string> settings)
    {
        settings["Codex:ExecutablePath"] = FakeCli.Path;
        settings["Codex:StopGrace"] = "00:00:00.5";
        foreach (var (name, value) in Receiver.Environment)
            settings[name] = value;
    }
}
