using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Cluster;

/// <summary><c>--migrate</c>, a command of its own of both programs.</summary>
public sealed class MigrationSpecs : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private string _database = null!;

    private Dictionary<string, string> Settings => new()
    {
        ["Storage:Provider"] = "Postgres",
        ["Storage:ConnectionString"] = _database,
        ["Storage:RetryFor"] = "00:00:00",
        ["Cluster:Mode"] = "Node",
    };

    public async ValueTask InitializeAsync() => _database = await (await PostgresServer.Shared).CreateDatabase();

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_makes_the_tables_of_log_and_cluster_and_ends(bool silo)
    {
        await using var migration = await Migrate(silo);

        Assert.Equal(0, migration.ExitCode);
        Assert.Contains("The database's schema is that of this version.", migration.Output, StringComparison.Ordinal);
        // It did not become a member, and made nothing of its own.
        Assert.Equal(0L, await Ask("SELECT count(*) FROM cluster_silos"));
        Assert.Equal(0L, await Ask("SELECT count(*) FROM threads"));
        Assert.False(Directory.Exists(_folder["data"]));
    }

    [Fact]
    public async Task Several_at_once_and_again_do_no_harm()
    {
        foreach (var migration in await Task.WhenAll(Migrate(silo: false), Migrate(silo: true), Migrate(silo: false)))
        {
            await using (migration)
                Assert.True(migration.ExitCode == 0, migration.Output);
        }

        var scripts = await Ask("SELECT count(*) FROM schema_versions");
        await using var again = await Migrate(silo: false);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(scripts, await Ask("SELECT count(*) FROM schema_versions"));
    }

    [Fact]
    public async Task A_database_that_a_newer_version_has_broken_with_is_left_as_it_is()
    {
        await using (var first = await Migrate(silo: false))
            Assert.Equal(0, first.ExitCode);
        await Ask("INSERT INTO schema_versions (scriptname, applied) VALUES ('9999-from-the-future.breaking', now())");

        await using var migration = await Migrate(silo: false);

        AssertRefused(migration, "was written by a newer version of this server");
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_one_message()
    {
        _database = $"Host=127.0.0.1;Port={FreePorts.Next()};Database=codex";

        await using var migration = await Migrate(silo: false);

        AssertRefused(migration, "cannot be reached");
    }

    [Fact]
    public async Task A_SQLite_file_is_made_and_its_folder_is_free_again()
    {
        await using var migration = await ServerProcess.RunToExit(_folder["data"], settings: null, "--migrate");

        Assert.Equal(0, migration.ExitCode);
        Assert.True(new FileInfo(_folder["data/codex-orleans.db"]).Length > 0);
        Assert.False(File.Exists(_folder["data/token"]));
        await using var server = await ServerProcess.Start(_folder["data"]);
    }

    [Fact]
    public async Task A_SQLite_file_in_use_is_one_message()
    {
        await using var server = await ServerProcess.Start(_folder["data"]);

        await using var migration = await ServerProcess.RunToExit(_folder["data"], settings: null, "--migrate");

        AssertRefused(migration, "is in use by another server");
    }

    private Task<ServerProcess> Migrate(bool silo) => silo
        ? ServerProcess.RunSiloToExit(_folder["data"], Settings, "--migrate")
        : ServerProcess.RunToExit(_folder["data"], Settings, "--migrate");

    private async Task<object?> Ask(string sql)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static void AssertRefused(ServerProcess migration, string message)
    {
        Assert.Equal(1, migration.ExitCode);
        Assert.Contains(message, migration.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", migration.Output, StringComparison.Ordinal);
    }
}
