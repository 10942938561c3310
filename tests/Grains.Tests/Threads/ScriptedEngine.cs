using System.Text;
using System.Threading.Channels;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>An engine whose turns do what the test says, when it says it.</summary>
internal sealed class ScriptedEngine : ICodexEngine
{
    /// <summary>How long a test waits for what must come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<ScriptedTurn> _started = Channel.CreateUnbounded<ScriptedTurn>();
    private readonly Lock _lock = new();
    private readonly List<ScriptedTurn> _turns = [];
    private bool _ended;

    public bool IsInstalled { get; set; } = true;

    public bool IsLoggedOut { get; set; }

    /// <summary>Sessions whose record is lost.</summary>
    public HashSet<string> Lost { get; } = [];

    /// <summary>What the look for a session's record ends with, if it is to fail.</summary>
    public Exception? ResumeFault { get; set; }

    /// <summary>How many turns were started.</summary>
    public int Starts
    {
        get
        {
            lock (_lock)
                return _turns.Count;
        }
    }

    public bool CanResume(string codexThreadId) => ResumeFault is { } fault ? throw fault : !Lost.Contains(codexThreadId);

    public string RecordsFolder => "";

    public string? FindRecord(string codexThreadId) => null;

    public ICodexTurn Start(CodexTurnStart start)
    {
        var turn = new ScriptedTurn(start);
        lock (_lock)
        {
            _turns.Add(turn);
            if (_ended)
                turn.Abandon();
        }

        _started.Writer.TryWrite(turn);
        return turn;
    }

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

internal sealed class ScriptedTurn(CodexTurnStart start) : ICodexTurn
{
    private readonly Channel<EventBlock> _blocks = Channel.CreateUnbounded<EventBlock>();
    private readonly TaskCompletionSource<StopReason> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CodexTurnStart Started { get; } = start;

    public bool IsStopped => _stopped.Task.IsCompleted;

    /// <summary>The first reason the turn was stopped for, once it is.</summary>
    public Task<StopReason> Stopped => _stopped.Task.WaitAsync(ScriptedEngine.Patience);

    public Task Gone => _gone.Task;

    public bool Disposed { get; private set; }

    public void Say(params string[] lines) => _blocks.Writer.TryWrite(Block(lines));

    public void SayThreadStarted(string codexThreadId)
    {
        var line = $$"""{"type":"thread.started","thread_id":"{{Started.ThreadId}}"}""";
        _blocks.Writer.TryWrite(new EventBlock { Lines = Encoding.UTF8.GetBytes(line + "\n"), Count = 1, CodexThreadId = codexThreadId });
    }

    public void Complete(long cumulativeInput = 10, bool leave = true)
    {
        var line = $$$"""{"type":"turn.completed","usage":{"input_tokens":{{{cumulativeInput}}}}}""";
        End(line, new TurnOutcome(
            TurnStatus.Completed,
            null,
            null,
            new TokenUsage { InputTokens = cumulativeInput - Started.UsageBefore.InputTokens },
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
        _blocks.Writer.TryWrite(new EventBlock { Lines = Encoding.UTF8.GetBytes(line + "\n"), Count = 1, Outcome = outcome });
        _blocks.Writer.TryComplete();
    }
}
