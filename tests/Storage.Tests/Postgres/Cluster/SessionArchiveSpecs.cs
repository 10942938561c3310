using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Postgres.Cluster;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Postgres.Cluster;

public sealed class SessionArchiveSpecs : IAsyncLifetime
{
    private const string Path = "sessions/2026/01/02/rollout-x.jsonl";

    private readonly Owner _owner = new();
    private PostgresThreadStore _store = null!;
    private PostgresSessionArchive _archive = null!;

    public async ValueTask InitializeAsync()
    {
        _store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = await (await PostgresServer.Shared).CreateDatabase() });
        await _store.Open(TestContext.Current.CancellationToken);
        _archive = new PostgresSessionArchive(_store.Connections);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_record_that_grows_is_kept_whole()
    {
        // More than one part at once, a little, nothing at all.
        var record = Bytes(2_500_000);
        foreach (var length in (int[])[2_100_000, 2_100_001, 2_100_001, 2_500_000])
        {
            await Keep("session", await Turn(), record[..length]);
            Assert.Equal(record[..length], await Kept());
            Assert.Equal(length, (await _archive.Find(_owner.ThreadId))!.Length);
        }
    }

    [Theory]
    [InlineData("another session", 100)]
    [InlineData("session", 10)]
    public async Task Another_record_takes_the_place_of_the_kept_one(string session, int length)
    {
        await Keep("session", await Turn(), Bytes(50));
        var turn = await Turn();
        var other = Bytes(length);

        await Keep(session, turn, other);

        Assert.Equal(other, await Kept());
        Assert.Equal(new ArchivedSession(session, Path, length, turn), await _archive.Find(_owner.ThreadId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task An_owner_that_comes_too_late_does_not_put_its_record_over_a_newer_one_whatever_the_clocks_say(int years)
    {
        var now = DateTimeOffset.UnixEpoch.AddYears(50);
        var early = await Turn(Guid.CreateVersion7(now));
        var late = await Turn(Guid.CreateVersion7(now.AddYears(years)));
        var newer = Bytes(80);
        await Keep("session", early, newer[..70]);
        await Keep("session", late, newer);

        await Keep("session", early, Bytes(90));

        Assert.Equal(newer, await Kept());
        Assert.Equal(late, (await _archive.Find(_owner.ThreadId))!.TurnId);
    }

    [Fact]
    public async Task Of_a_thread_that_was_deleted_nothing_is_kept()
    {
        var turn = await Turn();
        Assert.Equal(CommitResult.Committed, await _store.Delete(_owner.ThreadId, _owner.Generation));

        await Keep("session", turn, Bytes(10));

        Assert.Null(await _archive.Find(_owner.ThreadId));
    }

    [Fact]
    public async Task Of_a_thread_without_a_record_there_is_none() => Assert.Null(await _archive.Find(_owner.ThreadId));

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A turn of the thread that has ended.</summary>
    private async Task<Guid> Turn(Guid? id = null)
    {
        Assert.Equal(CommitResult.Committed, await _store.Commit(_owner.StartTurn(turn: id)));
        Assert.Equal(CommitResult.Committed, await _store.Commit(_owner.EndTurn()));
        return _owner.TurnId;
    }

    private Task Keep(string session, Guid turn, byte[] record) => _archive.Keep(_owner.ThreadId, session, turn, Path, new MemoryStream(record));

    private async Task<byte[]> Kept()
    {
        var copy = new MemoryStream();
        await _archive.CopyTo(_owner.ThreadId, copy);
        return copy.ToArray();
    }
}
