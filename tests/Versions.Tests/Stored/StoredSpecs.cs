using System.Text.Json;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Versions.Tests.Stored;

/// <summary>A server of this version on what servers of other versions have left.</summary>
public sealed class StoredSpecs : IAsyncLifetime
{
    private Stage _stage = null!;

    public static TheoryData<string> Versions => VersionFixture.All;

    public async ValueTask InitializeAsync() => _stage = await Stage.Open();

    public ValueTask DisposeAsync() => _stage.DisposeAsync();

    [Theory(Timeout = 180_000), MemberData(nameof(Versions))]
    public async Task A_server_goes_on_with_the_SQLite_database_of_an_earlier_version(string version)
    {
        var fixture = VersionFixture.Of(version);
        File.Copy(fixture.SqliteDatabase, Path.Combine(_stage.DataDirectory, Path.GetFileName(fixture.SqliteDatabase)));
        await using var server = await _stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);

        await GoesOn(api, StoredThreads.Read(fixture.SqliteThreads));
    }

    [Theory(Timeout = 180_000), MemberData(nameof(Versions))]
    public async Task Nodes_go_on_with_the_PostgreSQL_database_of_an_earlier_version(string version)
    {
        var fixture = VersionFixture.Of(version);
        await using var nodes = await Restore(fixture, "a", "b");
        using var api = nodes.Connect("a", TestContext.Current.CancellationToken);
        using var other = nodes.Connect("b", TestContext.Current.CancellationToken);
        var stored = StoredThreads.Read(fixture.PostgresThreads);

        await GoesOn(api, stored);
        // The session itself was in the database too: the CLI is not told the history of a conversation that it has.
        var asked = await other.Turn(Ask(stored.Ended.Id));
        Assert.Contains(StoredThreads.Word, asked.Answer, StringComparison.Ordinal);
        Assert.DoesNotContain("earlier_turns", asked.Answer, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_node_runs_on_a_database_that_a_later_version_has_added_to()
    {
        await using var nodes = await Nodes.Start(fake: false, "a");
        await Execute(nodes.Database, """
            ALTER TABLE threads ADD COLUMN colour text;
            ALTER TABLE turns ADD COLUMN caller text NOT NULL DEFAULT 'operator';
            ALTER TABLE chunks ADD COLUMN compressed boolean NOT NULL DEFAULT false;
            CREATE TABLE approvals (turn_id uuid PRIMARY KEY, asked_at bigint NOT NULL);
            INSERT INTO schema_versions (scriptname, applied) VALUES ('9000-approvals', now());
            """, TestContext.Current.CancellationToken);

        // One that runs meanwhile, and one that starts after it.
        await nodes.StartNode("b");
        var tape = new EventTape(after: null);
        Guid? thread = null;
        foreach (var name in (string[])["a", "b", "a"])
        {
            using var api = nodes.Connect(name, TestContext.Current.CancellationToken);
            var turn = await api.Turn(Ask(thread), tape);
            Assert.Equal("turn.completed", turn.End.Type);
            thread = turn.ThreadId;
        }

        await nodes["b"].Said("9000-approvals");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_node_does_not_start_on_a_database_that_a_later_version_has_broken_with()
    {
        await using var nodes = await Nodes.Start(fake: true, "a");
        await Execute(nodes.Database, "INSERT INTO schema_versions (scriptname, applied) VALUES ('9001-other-chunks.breaking', now())", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => nodes.StartNode("b"));

        Assert.Contains("9001-other-chunks.breaking", refused.Message, StringComparison.Ordinal);
        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>All is there, the turn that was cut has its end, and both conversations go on.</summary>
    private async Task GoesOn(CodexApi api, StoredThreads stored)
    {
        var ended = await StoredThread.Read(api, stored.Ended.Id);
        Assert.Equal(stored.Ended.Events, ended.Events);
        AssertHolds(stored.Ended.Resource, ended.Resource);

        await Condition.Becomes(async () => (await api.ReadPages(stored.Cut.Id))[^1].Event.Contains("host_lost", StringComparison.Ordinal));
        var cut = await StoredThread.Read(api, stored.Cut.Id);
        Assert.Equal(stored.Cut.Events, cut.Events.Take(stored.Cut.Events.Count));
        Assert.Equal("idle", cut.Resource.GetProperty("status").GetString());

        foreach (var thread in (StoredThread[])[ended, cut])
        {
            var tape = new EventTape(thread.Events[^1].Seq);
            var turn = await api.Turn(Ask(thread.Id), tape);
            Assert.Equal("turn.completed", turn.End.Type);
            // By the CLI's session, or told by the server.
            Assert.Contains(_stage.Model.Requests.Last().Prompts, prompt => prompt.Contains(StoredThreads.Word, StringComparison.Ordinal));
            Assert.Equal(thread.Events.Count + tape.Events.Count, (await api.ReadPages(thread.Id)).Count);
        }
    }

    // The folder that the thread had is gone with its machine.
    private object Ask(Guid? thread) => new { prompt = "SCENARIO:echo", thread_id = thread, working_directory = _stage.Workspace, skip_git_repo_check = true };

    /// <summary>Asserts that a resource has each member that it had, with the same value; it may have got others.</summary>
    private static void AssertHolds(JsonElement had, JsonElement has)
    {
        if (had.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in had.EnumerateObject())
                AssertHolds(member.Value, has.GetProperty(member.Name));
        }
        else if (had.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(had.GetArrayLength(), has.GetArrayLength());
            foreach (var (before, now) in had.EnumerateArray().Zip(has.EnumerateArray()))
                AssertHolds(before, now);
        }
        else
        {
            Assert.True(JsonElement.DeepEquals(had, has), $"{had} became {has}.");
        }
    }

    private async Task<Nodes> Restore(VersionFixture fixture, params string[] names)
    {
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabase();
        await Execute(database, await File.ReadAllTextAsync(fixture.PostgresDump, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        return await Nodes.Start(postgres, database, _stage, data: null, [VersionFixture.Cluster], names);
    }

    private static async Task Execute(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
