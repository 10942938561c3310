using CodexOrleans.FakeCodex;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A server on a CLI that does what the prompt, a shell script, says.</summary>
public sealed class FakeCodexServer : RunningServer
{
    protected override void Configure(IDictionary<string, string> settings)
    {
        settings["Codex:ExecutablePath"] = FakeCli.Path;
        settings["Codex:StopGrace"] = "00:00:00.5";
    }
}
