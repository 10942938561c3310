using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>Files that are no database, damaged, or from a newer version.</summary>
public sealed class DamagedFileSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string DatabaseFile => _folder["log.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_is_no_database_is_named_and_left_as_it_is()
    {
        var text = string.Concat(Enumerable.Repeat("These are my notes, not a database.\n", 100));
        await File.WriteAllTextAsync(DatabaseFile, text, Cancellation);

        await using var store = new SqliteThreadStore(DatabaseFile);
        var failed = await Assert.ThrowsAsync<StorageException>(() => store.Open(Cancellation));

        Assert.Equal(StorageFault.Corrupt, failed.Fault);
        Assert.Contains(DatabaseFile, failed.Message);
        Assert.Equal(text, await File.ReadAllTextAsync(DatabaseFile, Cancellation));
    }

    [Fact]
    public async Task A_damaged_log_is_reported_by_the_read_that_meets_it()
    {
        var owner = new Owner();
        await using (var store = new SqliteThreadStore(DatabaseFile))
        {
            await store.Open(Cancellation);
            await store.Commit(owner.StartTurn());
            for (var i = 0; i < 100; i++)
                await store.Commit(owner.Append(new string('x', 1000)));
        }

        // The middle of the file holds pages of the log; the schema is at its beginning, and the log's end is looked at by the start.
        using (var file = File.OpenWrite(DatabaseFile))
        {
            file.Position = file.Length / 3;
            var damage = new byte[file.Length / 3];
            damage.AsSpan().Fill(0xa5);
            file.Write(damage);
        }

        await using var damaged = new SqliteThreadStore(DatabaseFile);
        await damaged.Open(Cancellation);
        var failed = await Assert.ThrowsAsync<StorageException>(() => damaged.ReadLines(owner.ThreadId));
        Assert.Equal(StorageFault.Corrupt, failed.Fault);
        Assert.Contains(DatabaseFile, failed.Message);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        await using (var store = new SqliteThreadStore(DatabaseFile))
            await store.Open(Cancellation);
        Execute("INSERT INTO schema_versions (ScriptName, Applied) VALUES ('9999-the-future', '2099-01-01')");

        await using var older = new SqliteThreadStore(DatabaseFile);
        var failed = await Assert.ThrowsAsync<StorageException>(() => older.Open(Cancellation));

        Assert.Equal(StorageFault.TooNew, failed.Fault);
        Assert.Contains("9999-the-future", failed.Message);
        Assert.Equal(1L, Execute("SELECT count(*) FROM schema_versions WHERE ScriptName = '9999-the-future'"));
    }

    [Fact]
    public async Task A_missing_folder_is_named()
    {
        var file = Path.Combine(_folder["missing"], "log.db");

        await using var store = new SqliteThreadStore(file);
        var failed = await Assert.ThrowsAsync<StorageException>(() => store.Open(Cancellation));

        Assert.Contains(file, failed.Message);
    }

    private object? Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=false");
        connection.Open();
        return SqliteDatabase.Execute(connection, sql);
    }
}
