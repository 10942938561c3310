using System.Text;
using System.Threading.Channels;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Events;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>An engine whose turns do what the test says, when it says it.</summary>
/// <param name="home">Where it keeps the records of sessions, as the CLI does.</param>
internal sealed class ScriptedEngine(string home) : ICodexEngine
{
    /// <summary>An id as the CLI gives its sessions.</summary>
    public const string Session = "01a20000-0000-7000-8000-00000000c0de";

    /// <summary>How long a test waits for what must come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<ScriptedTurn> _started = Channel.CreateUnbounded<ScriptedTurn>();
    private readonly Lock _lock = new();
    private readonly List<ScriptedTurn> _turns = [];
    private bool _ended;

    public string Name => "scripted";

    public EngineCapabilities Capabilities => EngineCapabilities.None;

    public bool IsInstalled { get; set; } = true;

    public bool IsLoggedOut { get; set; }

    /// <summary>What the look at a session ends with, if it is to fail.</summary>
    public Exception? SessionFault { get; set; }

    /// <summary>How many turns were started.</summary>
    public int Starts
    {
        get
        {
            lock (_lock)
                return _turns.Count;
        }
    }

    public ICodexSession Open(SessionSpec session) => SessionFault is { } fault ? throw fault : new ScriptedSession(this, session);

    /// <summary>Loses the record of a session.</summary>
    public void Lose(string session) => File.Delete(Record(session));

    internal void Keep(string session)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Record(session))!);
        File.WriteAllText(Record(session), "");
    }

    internal bool CanContinue(string session) => SessionFault is { } fault ? throw fault : File.Exists(Record(session));

    internal ScriptedTurn Start(ScriptedSession session, TurnSpec spec)
    {
        var turn = new ScriptedTurn(session, spec);
        lock (_lock)
        {
            _turns.Add(turn);
            if (_ended)
                turn.Abandon();
        }

        _started.Writer.TryWrite(turn);
        return turn;
    }

    private string Record(string session) => Path.Combine(home, "sessions", $"rollout-2026-{session}.jsonl");

    /// <summary>The next turn that the grain starts.</summary>
    public Task<ScriptedTurn> NextTurn() => _started.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

    /// <summary>Lets go of all turns, so that a test that failed half-way does not fail by keeping its silo from stopping.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            foreach (var turn in _turns)
                turn.Abandon();
        }
    }
}

internal sealed class ScriptedSession(ScriptedEngine engine, SessionSpec spec) : ICodexSession
{
    public SessionSpec Spec => spec;

    public string? CodexThreadId { get; set; } = spec.Resume;

    public TokenUsage UsageBefore { get; set; } = spec.UsageBefore;

    public bool CanContinue => CodexThreadId is { } session && engine.CanContinue(session);

    public ICodexTurn Start(TurnSpec turn) => engine.Start(this, turn);

    public void Note(string codexThreadId)
    {
        CodexThreadId = codexThreadId;
        engine.Keep(codexThreadId);
    }

    public ValueTask Release() => default;
}

internal sealed class ScriptedTurn(ScriptedSession session, TurnSpec spec) : ICodexTurn
{
    private readonly Channel<EventBlock> _blocks = Channel.CreateUnbounded<EventBlock>();
    private readonly TaskCompletionSource<StopReason> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TurnSpec Started => spec;

    /// <summary>The CLI's session that the turn continues, or null.</summary>
    public string? Resumed { get; } = session.CodexThreadId;

    /// <summary>The CLI's usage before the turn.</summary>
    public TokenUsage UsageBefore { get; } = session.UsageBefore;

    public bool IsStopped => _stopped.Task.IsCompleted;

    /// <summary>The first reason the turn was stopped for, once it is.</summary>
    public Task<StopReason> Stopped => _stopped.Task.WaitAsync(ScriptedEngine.Patience);

    public Task Settled => _gone.Task;

    public bool Disposed { get; private set; }

    public void Say(params string[] lines) => _blocks.Writer.TryWrite(Block(lines));

    public void SayThreadStarted(string codexThreadId)
    {
        var line = $$"""{"type":"thread.started","thread_id":"{{session.Spec.ThreadId}}"}""";
        session.Note(codexThreadId);
        _blocks.Writer.TryWrite(new EventBlock { Lines = Encoding.UTF8.GetBytes(line + "\n"), Count = 1, CodexThreadId = codexThreadId });
    }

    public void Complete(long cumulativeInput = 10, bool leave = true)
    {
        var line = $$$"""{"type":"turn.completed","usage":{"input_tokens":{{{cumulativeInput}}}}}""";
        End(line, new TurnOutcome(
            TurnStatus.Completed,
            null,
            null,
            new TokenUsage { InputTokens = cumulativeInput - UsageBefore.InputTokens },
            new TokenUsage { InputTokens = cumulativeInput }));
        if (leave)
            Leave();
    }

    public void Fail(string code)
    {
        End($$$"""{"type":"turn.failed","error":{"message":"m","code":"{{{code}}}"}}""", new TurnOutcome(TurnStatus.Failed, code, "m", null, null));
        Leave();
    }

    /// <summary>The processes of the turn are gone.</summary>
    public void Leave() => _gone.TrySetResult();

    /// <summary>Ends without a further event.</summary>
    public void Abandon()
    {
        _blocks.Writer.TryComplete();
        Leave();
    }

    public async ValueTask<EventBlock?> Read(CancellationToken cancellationToken = default) =>
        await _blocks.Reader.WaitToReadAsync(cancellationToken) && _blocks.Reader.TryRead(out var block) ? block : null;

    public void Stop(StopReason reason) => _stopped.TrySetResult(reason);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return default;
    }

    private static EventBlock Block(string[] lines) =>
        new() { Lines = Encoding.UTF8.GetBytes(string.Join("\n", lines) + "\n"), Count = lines.Length };

    private void End(string line, TurnOutcome outcome)
    {
        session.UsageBefore = outcome.CumulativeUsage ?? session.UsageBefore;
        _blocks.Writer.TryWrite(new EventBlock { Lines = Encoding.UTF8.GetBytes(line + "\n"), Count = 1, Outcome = outcome });
        _blocks.Writer.TryComplete();
    }
}
