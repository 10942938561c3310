using System.Text;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests;

/// <summary>Stands for the grain that owns a thread: it knows generation and head, and builds the commits that follow from them.</summary>
internal sealed class Owner(Guid threadId)
{
    public const string Host = "host-1";

    public Owner()
        : this(Guid.CreateVersion7())
    {
    }

    public Guid ThreadId { get; } = threadId;

    public long Generation { get; set; }

    public long Head { get; set; }

    public Guid TurnId { get; set; }

    /// <summary>Takes the thread and starts a turn in one commit, as a grain does.</summary>
    public ThreadCommit StartTurn(string line = """{"type":"turn.submitted"}""", long at = 1000, string? options = null, Guid? turn = null)
    {
        Generation++;
        TurnId = turn ?? Guid.CreateVersion7();
        return new ThreadCommit
        {
            ThreadId = ThreadId,
            Generation = Generation,
            Claim = true,
            ExpectedHead = Head,
            Chunks = [Chunk([line], at)],
            TurnStart = new TurnStart(TurnId, Host, at),
            Options = options,
        };
    }

    /// <summary>Takes the thread and nothing else.</summary>
    public ThreadCommit Claim()
    {
        Generation++;
        return new ThreadCommit { ThreadId = ThreadId, Generation = Generation, Claim = true, ExpectedHead = Head };
    }

    public ThreadCommit Append(params string[] lines)
    {
        var head = Head;
        return new ThreadCommit { ThreadId = ThreadId, Generation = Generation, ExpectedHead = head, Chunks = [Chunk(lines)] };
    }

    public ThreadCommit EndTurn(
        TurnStatus status = TurnStatus.Completed, TokenUsage? usage = null, TokenUsage? cumulative = null, long at = 2000, string? code = null, string? message = null)
    {
        var head = Head;
        return new ThreadCommit
        {
            ThreadId = ThreadId,
            Generation = Generation,
            ExpectedHead = head,
            Chunks = [Chunk(["""{"type":"turn.completed"}"""], at)],
            TurnEnd = new TurnEnd(TurnId, status, code, message, usage, at),
            CumulativeUsage = cumulative,
        };
    }

    /// <summary>The next events as a chunk; moves the head.</summary>
    public LogChunk Chunk(string[] lines, long at = 1500, byte kind = 0)
    {
        var first = Head + 1;
        Head += lines.Length;
        return new LogChunk
        {
            FirstSeq = first,
            LastSeq = Head,
            TurnId = TurnId,
            At = at,
            Kind = kind,
            Lines = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))),
        };
    }

    /// <summary>Another owner of the same thread that believes what this one believes now.</summary>
    public Owner Rival() => new(ThreadId) { Generation = Generation, Head = Head, TurnId = TurnId };
}
