using System.Net;
using System.Net.Sockets;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>What the silo's program says when it cannot start.</summary>
public sealed class SiloStartSpecs
{
    [Theory]
    [InlineData("Client", "this program is a silo without a front end")]
    [InlineData("Embedded", "nobody could reach this silo")]
    [InlineData("Elsewhere", "'Elsewhere'")]
    public async Task A_mode_that_makes_no_sense_is_one_message(string mode, string message)
    {
        using var folder = new TemporaryFolder();
        await using var silo = await ServerProcess.RunSiloToExit(folder["data"], Database, $"--Cluster:Mode={mode}");

        AssertRefused(silo, message);
    }

    [Fact]
    public async Task Without_a_database_it_says_that_a_cluster_needs_one()
    {
        using var folder = new TemporaryFolder();
        await using var silo = await ServerProcess.RunSiloToExit(folder["data"], []);

        AssertRefused(silo, "set Storage:Provider to Postgres");
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_one_message()
    {
        using var folder = new TemporaryFolder();
        await using var silo = await ServerProcess.RunSiloToExit(folder["data"], Database);

        AssertRefused(silo, "cannot be reached");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_port_that_is_taken_is_named()
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var settings = new Dictionary<string, string>(Database)
        {
            ["Storage:ConnectionString"] = await (await PostgresServer.Shared).CreateDatabase(),
            ["Cluster:SiloPort"] = $"{port}",
        };

        await using var silo = await ServerProcess.RunSiloToExit(folder["data"], settings).WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, silo.ExitCode);
        Assert.Contains("Cluster:SiloPort", silo.Output, StringComparison.Ordinal);
    }

    /// <summary>Where nothing listens.</summary>
    private static Dictionary<string, string> Database => new()
    {
        ["Storage:Provider"] = "Postgres",
        ["Storage:ConnectionString"] = $"Host=127.0.0.1;Port={FreePorts.Next()};Database=codex",
        ["Storage:RetryFor"] = "00:00:00",
        ["Cluster:Address"] = "127.0.0.1",
        ["Cluster:SiloPort"] = "0",
    };

    private static void AssertRefused(ServerProcess silo, string message)
    {
        Assert.Equal(1, silo.ExitCode);
        Assert.Contains(message, silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
    }
}
