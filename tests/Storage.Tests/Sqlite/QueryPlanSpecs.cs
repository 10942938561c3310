using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>No read gets slower as more is stored: each goes by index to its rows, in the order in which they are wanted.</summary>
public sealed class QueryPlanSpecs
{
    [Theory]
    [InlineData(ReadSession.ThreadSql)]
    [InlineData(ReadSession.TurnSql)]
    [InlineData(ReadSession.TurnsSql)]
    [InlineData(ReadSession.ChunksSql)]
    [InlineData(ReadSession.ChunkSql)]
    public async Task A_read_searches_by_index_and_sorts_nothing(string sql)
    {
        Assert.All(await PlanOf(sql), step =>
        {
            Assert.DoesNotContain("SCAN", step);
            Assert.DoesNotContain("TEMP B-TREE", step);
        });
    }

    [Fact]
    public async Task Chunks_are_found_from_the_cursor_on()
    {
        var plan = await PlanOf(ReadSession.ChunksSql);
        Assert.Contains("SEARCH chunk_index USING PRIMARY KEY (thread=? AND first_seq>?)", plan);
        Assert.Contains("SEARCH chunks USING INTEGER PRIMARY KEY (rowid=?)", plan);
    }

    [Fact]
    public async Task Running_turns_are_found_without_looking_at_ended_ones()
    {
        Assert.Contains(await PlanOf(ReadSession.RunningSql), step => step.StartsWith("SCAN turns USING", StringComparison.Ordinal) && step.EndsWith("INDEX turns_running", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_threads_size_is_counted_by_index()
    {
        Assert.Contains("SEARCH chunk_index USING PRIMARY KEY (thread=?)", await PlanOf(ReadSession.SizeSql));
    }

    private static async Task<List<string>> PlanOf(string sql)
    {
        using var folder = new TemporaryFolder();
        var file = folder["log.db"];
        await using (var store = new SqliteThreadStore(file))
            await store.Open(TestContext.Current.CancellationToken);

        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var parameter in (string[])["$id", "$before", "$limit", "$after", "$key"])
            command.Parameters.AddWithValue(parameter, 1);
        using var row = command.ExecuteReader();
        var steps = new List<string>();
        while (row.Read())
            steps.Add(row.GetString(3));
        Assert.NotEmpty(steps);
        return steps;
    }
}
