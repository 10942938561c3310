using System.Globalization;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Deploy.Tests;

public sealed class SystemdSpecs
{
    [Fact]
    public async Task The_unit_is_what_systemd_understands()
    {
        using var folder = new TemporaryFolder();
        // It also wants to see the program.
        File.WriteAllText(folder["codex-orleans.service"], Unit.Replace("/opt/codex-orleans/CodexOrleans.WebFront", "/bin/true", StringComparison.Ordinal));

        var verify = await ExternalCommand.Run(
            ExternalTool.Find("systemd-analyze", "systemd"), ["verify", "--man=no", folder["codex-orleans.service"]], cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(verify is { ExitCode: 0, Output: "" }, verify.Output);
    }

    [Fact]
    public void A_stop_leaves_the_server_the_time_that_its_drain_takes() =>
        Assert.True(TimeSpan.FromSeconds(double.Parse(Value("TimeoutStopSec"), CultureInfo.InvariantCulture)) > DeployFiles.DefaultDrain + DeployFiles.BesideTheDrain);

    [Theory]
    [InlineData("RestrictNamespaces")]
    [InlineData("MemoryDenyWriteExecute")]
    [InlineData("ProtectKernelTunables")]
    [InlineData("ProtectKernelLogs")]
    [InlineData("ProtectProc")]
    [InlineData("ProcSubset")]
    public void Nothing_is_set_that_the_sandbox_or_the_runtime_cannot_bear(string setting) =>
        Assert.DoesNotContain(Unit.Split('\n'), line => line.StartsWith(setting + "=", StringComparison.Ordinal));

    private static string Unit => DeployFiles.Read("systemd/codex-orleans.service");

    private static string Value(string key) => Unit.Split('\n').Single(line => line.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..];
}
