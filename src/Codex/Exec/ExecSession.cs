using CodexOrleans.Codex.Engines;

namespace CodexOrleans.Codex.Exec;

/// <summary>A session of <c>codex exec</c>: nothing runs between turns, so it only remembers what the next one has to say.</summary>
internal sealed class ExecSession(ExecEngine engine, SessionSpec spec) : ICodexSession
{
    public string? CodexThreadId { get; private set; } = spec.Resume;

    public bool CanContinue => CodexThreadId is { } session && spec.Account.Sessions.CanResume(session);

    /// <summary>What the session was opened with.</summary>
    public SessionSpec Spec => spec;

    /// <summary>The CLI's cumulative usage before the next turn.</summary>
    public TokenUsage UsageBefore { get; private set; } = spec.UsageBefore;

    public ICodexTurn Start(TurnSpec turn)
    {
        var started = new ExecTurn(engine, this, turn);
        started.Begin();
        return started;
    }

    public ValueTask Release() => default;

    /// <summary>Takes note of what a turn has told of the session.</summary>
    public void Note(string? codexThreadId, TurnOutcome? outcome)
    {
        CodexThreadId = codexThreadId ?? CodexThreadId;
        UsageBefore = outcome?.CumulativeUsage ?? UsageBefore;
    }
}
