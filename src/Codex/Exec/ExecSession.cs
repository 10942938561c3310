using CodexOrleans.Codex.Engines;

namespace CodexOrleans.Codex.Exec;

/// <summary>A session of <c>codex exec</c>. No process runs between turns, so it only has the state that the next turn needs.</summary>
internal sealed class ExecSession(ExecEngine engine, SessionSpec spec) : ICodexSession
{
    public string? CodexThreadId { get; private set; } = spec.Resume;

    public bool CanContinue => CodexThreadId is { } session && spec.Account.Sessions.CanResume(session);

    /// <summary>The spec that the session was opened with.</summary>
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

    /// <summary>Updates the session id and usage from an ended turn.</summary>
    public void Note(string? codexThreadId, TurnOutcome? outcome)
    {
        CodexThreadId = codexThreadId ?? CodexThreadId;
        UsageBefore = outcome?.CumulativeUsage ?? UsageBefore;
    }
}
