using System.Text;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Versions.Tests.Stored;

/// <summary>Leaves behind what a server in use leaves behind when it is killed. The CLI is the real one.</summary>
internal static class StoredRecording
{
    public static async Task WriteSqlite(VersionFixture fixture)
    {
        using var folder = new TemporaryFolder();
        await using var stage = await OpenStage(folder);
        await using (var server = await stage.StartServer())
        {
            using var api = new CodexApi(server.CreateClient(), CancellationToken.None);
            var threads = await Use(api, stage);
            await server.Kill();
            await threads.Write(fixture.SqliteThreads);
        }

        // What is committed but not yet in the file itself comes in, so that the file is all there is.
        var left = Path.Combine(stage.DataDirectory, "codex-orleans.db");
        await using (var connection = new SqliteConnection($"Data Source={left};Pooling=false"))
        {
            await connection.OpenAsync();
            await using var checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await checkpoint.ExecuteNonQueryAsync();
        }

        File.Copy(left, fixture.SqliteDatabase, overwrite: true);
    }

    public static async Task WritePostgres(VersionFixture fixture)
    {
        using var folder = new TemporaryFolder();
        await using var stage = await OpenStage(folder);
        await using var postgres = await PostgresServer.Start();
        await using var nodes = await Nodes.Start(postgres, await postgres.CreateDatabase(), stage, data: null, [VersionFixture.Cluster], "a", "b");
        using var api = nodes.Connect("a", CancellationToken.None);
        using var other = nodes.Connect("b", CancellationToken.None);
        var threads = await Use(api, stage);
        // Another node follows it, by the streams between nodes.
        await using (var following = await other.Follow(threads.Cut.Id, new EventTape()))
        {
            await following.Until("item.completed/command_execution");
            await Task.WhenAll(nodes["a"].Kill(), nodes["b"].Kill());
        }

        await threads.Write(fixture.PostgresThreads);
        await File.WriteAllTextAsync(fixture.PostgresDump, WithoutCheckout(await postgres.Dump(nodes.Database)));
    }

    /// <summary>The CLI keeps its instructions in each record of a session: these are short.</summary>
    private static async Task<Stage> OpenStage(TemporaryFolder folder)
    {
        await File.WriteAllTextAsync(folder["instructions.md"], "You write code.");
        return await Stage.Open($"model_instructions_file = \"{folder["instructions.md"]}\"");
    }

    /// <summary>Where this machine has the project is nobody's business. The length stays, since the database counts bytes.</summary>
    private static string WithoutCheckout(string sql)
    {
        var neutral = "/srv".PadRight(Repository.Root.Length, '-');
        return sql.Replace(Repository.Root, neutral, StringComparison.Ordinal)
            .Replace(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Repository.Root)), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(neutral)), StringComparison.Ordinal);
    }

    private static async Task<StoredThreads> Use(CodexApi api, Stage stage)
    {
        object Turn(string prompt, Guid? thread = null) =>
            new { prompt, thread_id = thread, working_directory = stage.Workspace, skip_git_repo_check = true, sandbox = "workspace-write", model_reasoning_effort = "high" };

        var ended = (await api.Turn(Turn($"SCENARIO:plain my word is {StoredThreads.Word}"))).ThreadId;
        await api.Turn(Turn("SCENARIO:all", ended));
        await api.Turn(Turn("SCENARIO:failed-context", ended));
        await using (var stopped = await api.Stream(Turn("SCENARIO:gate NAME:never-opened", ended)))
        {
            await stopped.Until("turn.started");
            (await api.Interrupt(ended)).EnsureSuccessStatusCode();
            await stopped.ReadToEnd();
        }

        var cut = (await api.Turn(Turn($"SCENARIO:plain my word is {StoredThreads.Word}"))).ThreadId;
        await using var running = await api.Stream(Turn("SCENARIO:gate NAME:never-opened-either CMD:echo before", cut));
        await running.Until("item.completed/command_execution");
        return new StoredThreads(await StoredThread.Read(api, ended), await StoredThread.Read(api, cut));
    }
}
