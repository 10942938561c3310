using CodexOrleans.Grains;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>A thread's owner that does what a test tells it: commits, publishes, loses, hangs.</summary>
internal sealed class ScriptedThread(Guid id, MemoryLog log, Action<string, ThreadEventBatch> publish) : IThreadGrain
{
    private readonly Lock _gate = new();

    // With the front ends' names: whether the lease ends with the turn.
    private readonly Dictionary<string, bool> _fronts = [];
    private readonly List<string> _calls = [];

    public Guid Id => id;

    /// <summary>The turn that events belong to.</summary>
    public Guid TurnId { get; private set; } = Guid.CreateVersion7();

    /// <summary>What was called, in the order in which it took effect.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_gate)
                return [.. _calls];
        }
    }

    public int Fronts
    {
        get
        {
            lock (_gate)
                return _fronts.Count;
        }
    }

    /// <summary>Committed batches are not published while set.</summary>
    public bool Mute { get; set; }

    /// <summary>Awaited before a call takes effect; may throw.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    public TurnRefusal? Refusal { get; set; }

    public TurnRequest? Request { get; private set; }

    /// <summary>Runs inside <see cref="StartTurn"/> after <c>turn.submitted</c> is out, before the caller hears of it.</summary>
    public Action<ScriptedThread>? OnStarted { get; set; }

    /// <summary>Commits events and publishes them as one batch.</summary>
    public ThreadEventBatch Commit(params IReadOnlyList<string> lines) => Commit(EventKind.Codex, endsTurn: false, lines);

    /// <summary>Commits and publishes the terminal event.</summary>
    public ThreadEventBatch End(string line = """{"type":"turn.completed","usage":{"input_tokens":1}}""") => Commit(EventKind.Codex, endsTurn: true, line);

    /// <summary>Commits and publishes the terminal event of another turn than the running one.</summary>
    public ThreadEventBatch CommitEndOf(Guid turnId, string line) => Commit(turnId, EventKind.Codex, endsTurn: true, line);

    public ThreadEventBatch Commit(EventKind kind, bool endsTurn, params IReadOnlyList<string> lines) => Commit(TurnId, kind, endsTurn, lines);

    public void Publish(ThreadEventBatch batch)
    {
        string[] fronts;
        lock (_gate)
        {
            fronts = [.. _fronts.Keys];
            if (batch.EndsTurn && batch.TurnId == TurnId)
            {
                foreach (var front in fronts.Where(front => _fronts[front]))
                    _fronts.Remove(front);
            }
        }

        foreach (var front in fronts)
            publish(front, batch);
    }

    /// <summary>The owner comes up anew: it knows the log, and nobody who follows it.</summary>
    public void Reactivate()
    {
        lock (_gate)
            _fronts.Clear();
    }

    public async ValueTask<StartTurnResult> StartTurn(TurnRequest request, string? front, CancellationToken cancellationToken)
    {
        Request = request;
        await Before("start").WaitAsync(cancellationToken);
        if (Refusal is not null)
            return new() { Refusal = Refusal };
        TurnId = Guid.CreateVersion7();
        Enter("start", front, forTurn: true);
        var submitted = Commit(EventKind.Server, endsTurn: false, $$"""{"type":"turn.submitted","turn_id":"{{TurnId}}"}""");
        OnStarted?.Invoke(this);
        return new() { Started = new(TurnId, submitted.FirstSeq) };
    }

    public async ValueTask<AttachResult> Attach(string front)
    {
        await Before("attach");
        Enter("attach", front, forTurn: false);
        return new(true, log.Head(id), null, 20);
    }

    public async ValueTask Detach(string front)
    {
        await Before("detach");
        lock (_gate)
        {
            _calls.Add("detach");
            _fronts.Remove(front);
        }
    }

    public async ValueTask<Guid?> Interrupt(Guid? turnId)
    {
        await Before("interrupt");
        lock (_gate)
            _calls.Add("interrupt");
        return turnId is null || turnId == TurnId ? TurnId : null;
    }

    public ValueTask Recover() => default;

    public ValueTask ForgetRehearsal() => default;

    private ThreadEventBatch Commit(Guid turnId, EventKind kind, bool endsTurn, params IReadOnlyList<string> lines)
    {
        var chunk = log.Append(id, turnId, kind, lines);
        var batch = BatchOf(chunk, endsTurn);
        if (!Mute)
            Publish(batch);
        return batch;
    }

    private static ThreadEventBatch BatchOf(LogChunk chunk, bool endsTurn, Guid threadId) => new()
    {
        ThreadId = threadId,
        TurnId = chunk.TurnId,
        FirstSeq = chunk.FirstSeq,
        LastSeq = chunk.LastSeq,
        At = chunk.At,
        Kind = (EventKind)chunk.Kind,
        Lines = chunk.Lines,
        EndsTurn = endsTurn,
    };

    private ThreadEventBatch BatchOf(LogChunk chunk, bool endsTurn) => BatchOf(chunk, endsTurn, id);

    private void Enter(string call, string? front, bool forTurn)
    {
        lock (_gate)
        {
            _calls.Add(call);
            if (front is not null)
                _fronts[front] = forTurn && _fronts.GetValueOrDefault(front, defaultValue: true);
        }
    }
}
