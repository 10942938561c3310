using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Cluster;

/// <summary>A backup as <c>docs/operations.md</c> says to make one, and a node on what was restored from it.</summary>
public sealed class BackupSpecs
{
    [Fact(Timeout = 180_000)]
    public async Task A_node_on_a_restored_backup_has_all_threads_and_their_conversations_and_ends_what_was_running()
    {
        await using var nodes = await Nodes.Start(fake: false, "old");
        using var folder = new TemporaryFolder();
        using var old = nodes.Connect("old", TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        var thread = (await old.Turn(InWorkspace(nodes, "SCENARIO:plain my word is pelican"), tape)).ThreadId;
        await using var running = await old.Stream(InWorkspace(nodes, "SCENARIO:gate NAME:never CMD:true"));
        await running.Until("item.completed/command_execution");

        // What the CLI remembers of a turn is kept right after the turn's end.
        await using (var database = NpgsqlDataSource.Create(nodes.Database))
            await Condition.Becomes(async () => await database.CreateCommand($"SELECT 1 FROM sessions WHERE thread_id = '{thread}'").ExecuteScalarAsync() is not null);
        // While the node lives: it must not be taken for a member of what is made from the backup.
        var restored = await nodes.Postgres.CreateDatabase();
        await Run("pg_dump", nodes.Settings("old")["Storage:ConnectionString"], [.. BackupOptions, "--format=custom", $"--file={folder["backup"]}"]);
        await Run("pg_restore", restored, ["--exit-on-error", folder["backup"]]);

        var settings = nodes.Settings("new");
        settings["Storage:ConnectionString"] = restored;
        await using var node = await ServerProcess.Start(Directory.CreateDirectory(folder["data"]).FullName, settings);
        using var api = new CodexApi(node.CreateClient(settings["Auth:Token"]), TestContext.Current.CancellationToken);
        Assert.Equal((await old.ReadPages(thread)).Select(page => page.Event), (await api.ReadPages(thread)).Select(page => page.Event));

        var lost = new EventTape();
        await using (var following = await api.Follow(running.ThreadId, lost))
            Assert.Contains("host_lost", (await following.UntilTurnEnds()).Text, StringComparison.Ordinal);
        lost.AssertHolds(running.Tape);

        var echo = await api.Turn(new { prompt = "SCENARIO:echo", thread_id = thread }, tape);
        Assert.Contains("pelican", echo.Answer, StringComparison.Ordinal);
        Assert.DoesNotContain("earlier_turns", echo.Answer, StringComparison.Ordinal);
        // And the old node has noticed nothing.
        Assert.False(nodes["old"].HasExited);
        Assert.DoesNotContain((await old.ReadPages(running.ThreadId)).Select(page => page.Kind), kind => kind.Contains("failed", StringComparison.Ordinal));
        nodes.Stage.Model.Gates.Open("never");
    }

    /// <summary>As the manual has them.</summary>
    private static IEnumerable<string> BackupOptions =>
        File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md")).Split('\n').Single(line => line.StartsWith("pg_dump ", StringComparison.Ordinal))
            .Split(' ').Where(word => word.StartsWith("--exclude-table-data=", StringComparison.Ordinal));

    private static object InWorkspace(Nodes nodes, string prompt) => new { prompt, working_directory = nodes.Stage.Workspace, skip_git_repo_check = true };

    private static async Task Run(string program, string database, IEnumerable<string> arguments)
    {
        var connection = new NpgsqlConnectionStringBuilder(database);
        string[] where = [$"--host={connection.Host}", $"--port={connection.Port}", $"--username={connection.Username}", $"--dbname={connection.Database}"];
        (await ExternalCommand.Run(PostgresServer.Program(program), [.. where, .. arguments], cancellationToken: TestContext.Current.CancellationToken)).Succeeded();
    }
}
