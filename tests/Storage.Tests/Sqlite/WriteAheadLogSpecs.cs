using System.Buffers.Binary;
using System.Runtime.Versioning;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.Storage.Tests.Child;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Tests.Sqlite;

public sealed class WriteAheadLogSpecs : IDisposable
{
    private const int PageSize = 4096;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string DatabaseFile => _folder["log.db"];

    private string Log => DatabaseFile + "-wal";

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task The_log_file_starts_over_while_the_writer_never_pauses()
    {
        const int logPages = 128;
        await using var store = new SqliteThreadStore(
            DatabaseFile, null, null, NullLogger<SqliteThreadStore>.Instance, new CommitQueueLimits(), new CheckpointLimits(PagesPerPass: 16, LogPages: logPages));
        await store.Open(Cancellation);
        var owner = new Owner();
        await store.Commit(owner.StartTurn());
        var line = new string('x', 10_000);

        // It can only start over once every page in it was copied, to the end, and the next commit begins at its front.
        var first = TimesStartedOver();
        while (TimesStartedOver() < first + 5 || new FileInfo(DatabaseFile).Length < 5 * logPages * PageSize)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await store.Commit(owner.Append(line));
        }

        Assert.Equal(owner.Head, (await store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task Commits_that_wait_together_share_a_transaction()
    {
        await using var store = new SqliteThreadStore(DatabaseFile);
        await store.Open(Cancellation);
        var owners = Enumerable.Range(0, 400).Select(_ => new Owner()).ToList();
        await Task.WhenAll(owners.Select(owner => store.Commit(owner.StartTurn()).AsTask()));

        var before = new FileInfo(Log).Length;
        Task<CommitResult>[] commits;
        await using (await LockHolder.Start(LockHolder.Write, DatabaseFile))
            commits = [.. owners.Select(owner => store.Commit(owner.Append("a")).AsTask())];
        Assert.All(await Task.WhenAll(commits), result => Assert.Equal(CommitResult.Committed, result));

        // A transaction of its own for each would write several pages each.
        Assert.InRange(new FileInfo(Log).Length - before, 1, owners.Count * PageSize / 2);
    }

    [Fact]
    public async Task A_closed_store_leaves_one_complete_file()
    {
        var owner = new Owner();
        await using (var store = new SqliteThreadStore(DatabaseFile))
        {
            await store.Open(Cancellation);
            await store.Commit(owner.StartTurn("a"));
        }

        Assert.Equal([DatabaseFile], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Only_the_user_can_read_the_files()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using var store = new SqliteThreadStore(DatabaseFile);
        await store.Open(Cancellation);
        await store.Commit(new Owner().StartTurn());

        var files = Directory.GetFiles(_folder.Path);
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Theory]
    [InlineData(SqliteSynchronous.Normal, 1L)]
    [InlineData(SqliteSynchronous.Full, 2L)]
    public void The_writer_syncs_as_configured(SqliteSynchronous synchronous, long expected)
    {
        var database = new SqliteDatabase(DatabaseFile, synchronous, TimeSpan.FromSeconds(1));
        database.CreateFile();

        using var connection = database.OpenWriter();

        Assert.Equal(expected, SqliteDatabase.Execute(connection, "PRAGMA synchronous"));
        Assert.Equal(0L, SqliteDatabase.Execute(connection, "PRAGMA wal_autocheckpoint"));
    }

    /// <summary>The checkpoint sequence number in the log's header: https://sqlite.org/fileformat2.html#the_write_ahead_log.</summary>
    private uint TimesStartedOver()
    {
        using var log = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> header = stackalloc byte[16];
        log.ReadExactly(header);
        return BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
    }
}
