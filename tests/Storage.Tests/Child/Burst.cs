using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Sqlite;

namespace CodexOrleans.Storage.Tests.Child;

/// <summary>Commits to many threads at once until it is killed, and prints each commit once it is acknowledged.</summary>
internal static class Burst
{
    public const string Ready = "ready";
    private const int Threads = 16;

    public static async Task<int> Run(string file)
    {
        await using var store = new SqliteThreadStore(file);
        await store.Open();
        Console.WriteLine(Ready);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() => CommitForEver(store))));
        return 0;
    }

    /// <summary>The line that has this number in every thread: long enough to span pages now and then.</summary>
    public static string LineOf(long seq) => $"{seq} {new string('x', (int)(seq * 37 % 20_000))}";

    private static async Task CommitForEver(SqliteThreadStore store)
    {
        var owner = new Owner();
        await Commit(owner.StartTurn(LineOf(1)));
        while (true)
        {
            var count = (int)(owner.Head % 5) + 1;
            await Commit(owner.Append([.. Enumerable.Range(1, count).Select(i => LineOf(owner.Head + i))]));
        }

        async Task Commit(ThreadCommit commit)
        {
            if (await store.Commit(commit) != CommitResult.Committed)
                throw new InvalidOperationException($"Thread {commit.ThreadId} has one owner, and it was fenced.");
            Console.WriteLine($"{commit.ThreadId} {commit.Chunks[^1].LastSeq}");
        }
    }
}
