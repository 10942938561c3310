namespace CodexOrleans.Codex.Events;

/// <summary>
/// A turn whose host died. From the lines that it has logged follow the lines that end its open items and the turn itself.
/// </summary>
public sealed class LostTurn
{
    private readonly OpenItems _open = new();

    /// <summary>Takes the turn's lines in the CLI's vocabulary, in order.</summary>
    public void Observe(ReadOnlySpan<byte> lines)
    {
        foreach (var range in lines.Split((byte)'\n'))
        {
            var line = lines[range];
            if (line.IsEmpty || EventLine.Read(line, out var facts) is not null)
                continue;
            if (facts.Type == EventType.ItemOpen)
                _open.Open(line, facts);
            else if (facts.Type == EventType.ItemCompleted)
                _open.Complete(line, facts);
        }
    }

    /// <summary>The lines that end each open item and the turn.</summary>
    /// <param name="code">One of <see cref="FailureCodes"/>.</param>
    /// <param name="message">For whoever reads the thread.</param>
    public EventBlock End(string code, string message)
    {
        var closing = new EventBlockBuilder();
        _open.CloseAll(closing);
        closing.Add(ServerLines.TurnFailed(code, message), 1);
        return closing.Build(null, new TurnOutcome(TurnStatus.Failed, code, message, Usage: null, CumulativeUsage: null))!;
    }
}
