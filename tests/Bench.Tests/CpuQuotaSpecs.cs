using System.Diagnostics;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Bench.Tests;

public sealed class CpuQuotaSpecs
{
    [Theory]
    [InlineData(0.25, "5000 20000")]
    [InlineData(1.5, "30000 20000")]
    public void A_quota_is_written_as_the_kernel_wants_it(double cores, string limit) => Assert.Equal(limit, CpuQuota.UnifiedLimit(cores));

    [Fact(Timeout = 60_000)]
    public async Task A_process_and_what_it_starts_are_inside_its_quota_which_is_gone_afterwards()
    {
        CpuQuota quota;
        try
        {
            quota = CpuQuota.Create("test");
        }
        catch (InvalidOperationException e)
        {
            // Machines without control groups to write to cannot measure this, and are told so.
            Assert.Contains("cgroup", e.Message, StringComparison.OrdinalIgnoreCase);
            return;
        }

        string groups;
        using (quota)
        {
            quota.Set(0.5);
            // The child of the shell says where it is.
            var start = new ProcessStartInfo("/bin/sh", ["-c", "cat /proc/self/cgroup; echo $MARK; exit 7"]);
            start.Environment["MARK"] = "as it was";
            var confined = quota.Confine(start);
            confined.RedirectStandardOutput = true;
            using var process = Process.Start(confined)!;
            groups = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(7, process.ExitCode);
        }

        var group = Assert.Single(groups.Split('\n'), line => line.Contains($"codex-orleans-bench-{Environment.ProcessId}-test", StringComparison.Ordinal));
        Assert.EndsWith("as it was\n", groups, StringComparison.Ordinal);
        Assert.False(Directory.Exists("/sys/fs/cgroup" + group[group.LastIndexOf(':')..].TrimStart(':')));
        Assert.False(Directory.Exists("/sys/fs/cgroup/cpu" + group[group.LastIndexOf(':')..].TrimStart(':')));
    }
}
