using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CodexOrleans.Codex.Events;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Threads;

/// <summary>
/// The log of one thread as its activation writes it: what is committed is counted here and published to those who follow. While a turn
/// runs, its pump writes, on other threads than the grain's; nothing else does until the grain has seen the turn end.
/// </summary>
/// <param name="host">This server process, as the log names it.</param>
internal sealed class ThreadLog(Guid id, IThreadStore store, FrontLeases fronts, string host, TimeProvider time)
{
    private long _head;

    public Guid Id => id;

    /// <summary>Who follows the thread.</summary>
    public FrontLeases Fronts => fronts;

    /// <summary>False until the first turn is on disk.</summary>
    public bool Exists { get; private set; }

    /// <summary>The fencing generation of this activation.</summary>
    public long Generation { get; private set; }

    /// <summary>Number of the last committed event; 0 when there is none.</summary>
    public long Head
    {
        get => Volatile.Read(ref _head);
        private set => Volatile.Write(ref _head, value);
    }

    /// <summary>The CLI's own id of the session, once known.</summary>
    public string? CodexThreadId { get; private set; }

    /// <summary>Options of the last turn, which the next one inherits.</summary>
    public ThreadOptions Options { get; private set; } = new();

    /// <summary>The CLI's cumulative token figure.</summary>
    public TokenUsage Usage { get; private set; } = new();

    /// <summary>Reads where the thread stands.</summary>
    /// <returns>A turn that has no end although nobody here runs it, or null.</returns>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public async ValueTask<Guid?> Read(CancellationToken cancellationToken)
    {
        if (await store.ReadThread(id, cancellationToken) is not { } thread)
            return null;
        Exists = true;
        Generation = thread.Generation;
        Head = thread.HeadSeq;
        CodexThreadId = thread.CodexThreadId;
        Options = JsonSerializer.Deserialize(thread.Options, ThreadJson.Default.ThreadOptions) ?? new();
        Usage = thread.CumulativeUsage;
        return thread.RunningTurnId;
    }

    /// <summary>The commit that begins a turn and takes the thread over.</summary>
    /// <param name="submitted">The turn's first event.</param>
    public ThreadCommit Begin(Guid turnId, byte[] submitted, ThreadOptions options, Activity? activity) =>
        Compose(turnId, new EventBlock { Kind = EventKind.Server, Lines = submitted, Count = 1 }, options, claim: true, activity);

    /// <summary>The commit of what the running turn has told.</summary>
    public ThreadCommit Append(Guid turnId, EventBlock block, Activity? activity) =>
        Compose(turnId, block, options: null, claim: false, activity);

    /// <summary>The commit that ends a turn of another activation and takes the thread over.</summary>
    public ThreadCommit Take(Guid turnId, EventBlock end) => Compose(turnId, end, options: null, claim: true, activity: null);

    /// <summary>Writes one of the commits above, of which one is under way at a time. It is on disk when this says so.</summary>
    /// <exception cref="StorageException">
    /// The log cannot be written now. The same commit may be given again: the store knows by it what may have arrived without an answer.
    /// </exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CommitResult> Commit(ThreadCommit commit)
    {
        var result = await store.Commit(commit).ConfigureAwait(false);
        if (result != CommitResult.Committed)
            return result;
        Exists = true;
        Generation = commit.Generation;
        Head = commit.Chunks[^1].LastSeq;
        CodexThreadId = commit.CodexThreadId ?? CodexThreadId;
        Usage = commit.CumulativeUsage ?? Usage;
        if (commit.Options is not null)
            Options = JsonSerializer.Deserialize(commit.Options, ThreadJson.Default.ThreadOptions) ?? Options;
        return result;
    }

    /// <summary>Publishes what is on disk to <paramref name="leases"/>, in order.</summary>
    public void Publish(FrontLease[] leases, ThreadCommit commit)
    {
        if (leases.Length == 0)
            return;
        var chunk = commit.Chunks[^1];
        fronts.Publish(leases, new ThreadEventBatch
        {
            ThreadId = id,
            TurnId = chunk.TurnId,
            FirstSeq = chunk.FirstSeq,
            LastSeq = chunk.LastSeq,
            At = chunk.At,
            Kind = (EventKind)chunk.Kind,
            Lines = chunk.Lines,
            EndsTurn = commit.TurnEnd is not null,
        });
    }

    private ThreadCommit Compose(Guid turnId, EventBlock block, ThreadOptions? options, bool claim, Activity? activity)
    {
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new ThreadCommit
        {
            ThreadId = id,
            Generation = claim ? Generation + 1 : Generation,
            Claim = claim,
            ExpectedHead = Head,
            Chunks =
            [
                new LogChunk
                {
                    FirstSeq = Head + 1,
                    LastSeq = Head + block.Count,
                    TurnId = turnId,
                    At = at,
                    Kind = (byte)block.Kind,
                    Lines = block.Lines,
                },
            ],
            TurnStart = options is null ? null : new TurnStart(turnId, host, at),
            TurnEnd = block.Outcome is { } end
                ? new TurnEnd(turnId, end.Status, end.ErrorCode, end.ErrorMessage, end.Usage, at)
                : null,
            Options = options is null ? null : JsonSerializer.Serialize(options, ThreadJson.Default.ThreadOptions),
            CodexThreadId = block.CodexThreadId,
            CumulativeUsage = block.Outcome?.CumulativeUsage,
            Activity = activity,
        };
    }
}
