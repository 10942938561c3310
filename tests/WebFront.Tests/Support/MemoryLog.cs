using System.Collections.Concurrent;
using System.Text;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>The log in memory, with the hooks that make races happen on command.</summary>
internal sealed class MemoryLog : IThreadReader
{
    private readonly ConcurrentDictionary<Guid, List<LogChunk>> _threads = new();
    private readonly ConcurrentDictionary<Guid, TurnRecord> _turns = new();
    private int _chunkReads;

    public int ChunkReads => Volatile.Read(ref _chunkReads);

    /// <summary>Awaited before a page is read.</summary>
    public Func<CancellationToken, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after a page has been read and before its reader gets it.</summary>
    public Action<Guid>? AfterRead { get; set; }

    /// <summary>Thrown by every read while set.</summary>
    public StorageException? Fault { get; set; }

    public LogChunk Append(Guid threadId, Guid turnId, EventKind kind, params IReadOnlyList<string> lines)
    {
        var chunks = _threads.GetOrAdd(threadId, _ => []);
        lock (chunks)
        {
            var head = Head(chunks);
            var chunk = new LogChunk
            {
                FirstSeq = head + 1,
                LastSeq = head + lines.Count,
                TurnId = turnId,
                At = 1_700_000_000_000 + head,
                Kind = (byte)kind,
                Lines = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))),
            };
            chunks.Add(chunk);
            return chunk;
        }
    }

    public void Put(TurnRecord turn) => _turns[turn.Id] = turn;

    public long Head(Guid threadId) => _threads.TryGetValue(threadId, out var chunks) ? Locked(chunks, Head) : 0;

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default)
    {
        ThrowFault();
        if (!_threads.ContainsKey(threadId))
            return new((ThreadRecord?)null);
        return new(new ThreadRecord
        {
            Id = threadId,
            Generation = 1,
            HeadSeq = Head(threadId),
            CodexThreadId = "codex-session",
            Options = """{"model":"gpt-test"}""",
            CumulativeUsage = new TokenUsage { InputTokens = 30 },
            RunningTurnId = _turns.Values.FirstOrDefault(turn => turn.ThreadId == threadId && turn.Status == TurnStatus.Running)?.Id,
            CreatedAt = 1_700_000_000_000,
            UpdatedAt = 1_700_000_000_500,
        });
    }

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default)
    {
        ThrowFault();
        return new(_turns.GetValueOrDefault(turnId));
    }

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default)
    {
        ThrowFault();
        return new([.. _turns.Values.Where(turn => turn.ThreadId == threadId).OrderByDescending(turn => turn.FirstSeq).Take(limit)]);
    }

    public async ValueTask<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default)
    {
        await BeforeRead(cancellationToken);
        ThrowFault();
        Interlocked.Increment(ref _chunkReads);
        var page = new List<LogChunk>();
        if (_threads.TryGetValue(threadId, out var chunks))
        {
            lock (chunks)
            {
                var bytes = 0;
                foreach (var chunk in chunks.Where(chunk => chunk.LastSeq > afterSeq))
                {
                    bytes += chunk.Lines.Length;
                    if (page.Count > 0 && bytes > maxBytes)
                        break;
                    page.Add(chunk);
                }
            }
        }

        AfterRead?.Invoke(threadId);
        return page;
    }

    public ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static long Head(List<LogChunk> chunks) => chunks.Count == 0 ? 0 : chunks[^1].LastSeq;

    private static long Locked(List<LogChunk> chunks, Func<List<LogChunk>, long> read)
    {
        lock (chunks)
            return read(chunks);
    }

    private void ThrowFault()
    {
        if (Fault is { } fault)
            throw fault;
    }
}
