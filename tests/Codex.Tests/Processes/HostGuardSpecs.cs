using System.Diagnostics;
using System.Globalization;
using CodexOrleans.Codex.Processes;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Codex.Tests.Processes;

public sealed class HostGuardSpecs
{
    private const int SigInt = 2;

    [Fact]
    public async Task When_the_servers_end_of_the_pipe_closes_everything_with_its_tag_is_ended()
    {
        var host = ProcessTag.Ephemeral();
        using var guard = new HostGuard(host, NullLogger<HostGuard>.Instance);
        await guard.StartAsync(TestContext.Current.CancellationToken);
        var guardId = await GuardOf(host);
        using var own = StartTagged(host.Value);
        using var other = StartTagged(ProcessTag.Ephemeral().Value);

        // What a terminal or an operator sends to the whole group must not end the guard before the server. A shell that has only just
        // started does not know of that yet.
        await Condition.Becomes(() => Ignores(guardId, SigInt));
        foreach (var signal in new[] { "INT", "TERM", "HUP" })
            await Process.Start("/bin/kill", ["-s", signal, $"{guardId}"]).WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(ProcessProbe.IsAlive(guardId));
        Assert.False(own.HasExited);

        guard.Dispose();
        await own.WaitForExitAsync(TestContext.Current.CancellationToken);
        await ProcessProbe.UntilGone(guardId);

        Assert.False(other.HasExited);
        other.Kill();
    }

    [Fact]
    public async Task A_guard_that_was_killed_is_replaced()
    {
        var host = ProcessTag.Ephemeral();
        using var guard = new HostGuard(host, NullLogger<HostGuard>.Instance);
        await guard.StartAsync(TestContext.Current.CancellationToken);
        var first = await GuardOf(host);

        using (var process = Process.GetProcessById(first))
            process.Kill();
        await ProcessProbe.UntilGone(first);

        Assert.NotEqual(first, await GuardOf(host));
    }

    [Fact]
    public async Task Stopping_the_host_leaves_the_guard_until_it_is_disposed()
    {
        var host = ProcessTag.Ephemeral();
        using var guard = new HostGuard(host, NullLogger<HostGuard>.Instance);
        await guard.StartAsync(TestContext.Current.CancellationToken);
        var id = await GuardOf(host);

        await guard.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(ProcessProbe.IsAlive(id));
    }

    private static Process StartTagged(string host)
    {
        var start = new ProcessStartInfo("/bin/sleep", "1000");
        start.Environment[ProcessTag.HostVariable] = host;
        start.Environment[ProcessTag.TurnVariable] = "t";
        return Process.Start(start)!;
    }

    /// <summary>The guard's process, known by the tag among its arguments; waits until it runs.</summary>
    private static async Task<int> GuardOf(ProcessTag host)
    {
        int? guard = null;
        await Condition.Becomes(() => (guard = Find(host)) is not null);
        return guard!.Value;
    }

    private static int? Find(ProcessTag host)
    {
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (ArgumentsOf(process.Id) is var arguments && arguments.Contains("codex-orleans-guard", StringComparison.Ordinal) && arguments.Contains(host.Value, StringComparison.Ordinal) && ProcessProbe.IsAlive(process.Id))
                    return process.Id;
            }
        }

        return null;
    }

    private static bool Ignores(int processId, int signal)
    {
        const string Field = "SigIgn:";
        var mask = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith(Field, StringComparison.Ordinal))[Field.Length..];
        return (ulong.Parse(mask, NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) & (1UL << (signal - 1))) != 0;
    }

    private static string ArgumentsOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone, or somebody else's.
            return "";
        }
    }
}
