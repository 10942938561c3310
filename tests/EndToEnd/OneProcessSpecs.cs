using System.Runtime.Versioning;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>What an operator gets: one process, one port, one private folder.</summary>
[SupportedOSPlatform("linux")]
public sealed class OneProcessSpecs(RunningServer running) : IClassFixture<RunningServer>
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact(Timeout = 120_000)]
    public async Task Nothing_but_the_HTTP_port_listens()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await api.Turn(new { prompt = "SCENARIO:plain" });

        // The runtime's own debugging socket opens to this user alone.
        var doors = OpenSockets.Of(running.Server.Id).Where(door => !door.Contains("/dotnet-diagnostic-", StringComparison.Ordinal));

        Assert.Equal([OpenSockets.LoopbackTcp(running.Server.Address.Port)], doors);
    }

    [Fact(Timeout = 120_000)]
    public async Task Two_servers_run_side_by_side()
    {
        await using var neighbour = await ServerProcess.Start(running.Stage.NewFolder(), running.Stage.Settings);
        using var here = running.Connect(TestContext.Current.CancellationToken);
        using var there = new CodexApi(neighbour.CreateClient(), TestContext.Current.CancellationToken);

        var turns = await Task.WhenAll(here.Turn(new { prompt = "SCENARIO:plain" }), there.Turn(new { prompt = "SCENARIO:plain" }));

        Assert.All(turns, turn => Assert.Equal("turn.completed", turn.End.Type));
        Assert.NotEqual(running.Server.Token, neighbour.Token);
        var stranger = await Assert.ThrowsAsync<HttpRequestException>(() => here.ReadAll(turns[1].ThreadId));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, stranger.StatusCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_second_server_on_the_same_data_refuses_to_start()
    {
        await using var second = await ServerProcess.RunToExit(running.Stage.DataDirectory, running.Stage.Settings);

        Assert.Equal(1, second.ExitCode);
        Assert.Contains(running.Stage.DataDirectory, second.Output, StringComparison.Ordinal);
        Assert.Contains("in use by another server", second.Output, StringComparison.Ordinal);
        AssertOneMessage(second.Output);

        using var api = running.Connect(TestContext.Current.CancellationToken);
        Assert.Equal("turn.completed", (await api.Turn(new { prompt = "SCENARIO:plain" })).End.Type);
    }

    [Fact(Timeout = 120_000)]
    public async Task Its_data_is_private()
    {
        // One folder that the server makes, and one that was there with loose rights.
        var made = Path.Combine(running.Stage.NewFolder(), "made");
        foreach (var data in (string[])[made, running.Stage.NewFolder()])
        {
            await using var server = await ServerProcess.Start(data, running.Stage.Settings);
            using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
            await api.Turn(new { prompt = "SCENARIO:shell" });

            // The lock is empty, and the installation's id no secret.
            var open = OpenToOthers(new DirectoryInfo(data)).Select(entry => Path.GetRelativePath(data, entry.FullName)).Except([".", "lock", "installation"]);
            Assert.Empty(open);
        }

        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(made) & Others);
    }

    /// <summary>What others may read. What lies below a folder that only its owner may enter is private whatever its own rights are.</summary>
    private static IEnumerable<FileSystemInfo> OpenToOthers(DirectoryInfo folder)
    {
        if ((folder.UnixFileMode & Others) == 0)
            return [];
        return folder.EnumerateFileSystemInfos().SelectMany(entry => entry switch
        {
            DirectoryInfo inner => OpenToOthers(inner),
            _ => (entry.UnixFileMode & Others) == 0 ? [] : (IEnumerable<FileSystemInfo>)[entry],
        }).Append(folder);
    }

    /// <summary>An operator reads one sentence, not a stack trace.</summary>
    private static void AssertOneMessage(string output) => Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
}
