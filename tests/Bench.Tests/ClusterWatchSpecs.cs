using System.Diagnostics;
using CodexOrleans.Load.Measures;

namespace CodexOrleans.Bench.Tests;

public sealed class ClusterWatchSpecs
{
    [Fact(Timeout = 60_000)]
    public async Task What_a_node_has_started_counts_as_its_children_also_when_it_has_ended()
    {
        // The shell itself only waits; each of its children counts, one after the other.
        const string Work = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'";
        using var node = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"read go; {Work}; {Work} ; echo done; read end"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var database = 1_000_000_000L;
            var watch = new ClusterWatch([node.Id], () => database);
            await node.StandardInput.WriteLineAsync("go");
            await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            database += 2_000_000_000;

            var use = watch.Stop();

            Assert.True(Assert.Single(use.ChildrenCpuSeconds) > Assert.Single(use.NodeCpuSeconds));
            Assert.Equal(2, use.DatabaseCpuSeconds, 6);
            Assert.True(Assert.Single(use.PeakMebibytes) > 0);
        }
        finally
        {
            node.StandardInput.Close();
            await node.WaitForExitAsync(CancellationToken.None);
        }
    }
}
