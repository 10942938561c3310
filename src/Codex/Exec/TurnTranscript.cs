using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using CodexOrleans.Codex.Events;

namespace CodexOrleans.Codex.Exec;

/// <summary>
/// Turns the CLI's lines into the events of one turn. Events pass as the same bytes, line breaks of Unicode are escaped
/// (<see cref="UnicodeLineBreaks"/>), other lines become an <c>error</c> item, open items are closed before the terminal event, and there
/// is exactly one terminal event. A pure function of its lines: it uses no process and no clock.
/// </summary>
internal sealed class TurnTranscript(Guid threadId, string? resumedCodexThreadId, TokenUsage usageBefore)
{
    /// <summary>
    /// Most items for lines that are not events; further ones are only counted, so that a CLI that logs to stdout does not fill the thread.
    /// </summary>
    private const int MaxGarbageItems = 20;

    private const int MaxErrorMessage = 8_192;

    private readonly OpenItems _openItems = new();
    private int _errorItems;
    private long _hiddenGarbage;

    /// <summary>The CLI's session id, or null before <c>thread.started</c>.</summary>
    public string? CodexThreadId { get; private set; }

    /// <summary>Set with the terminal event.</summary>
    public TurnOutcome? Outcome { get; private set; }

    /// <summary>Lines that came after the terminal event and were dropped.</summary>
    public bool LinesAfterEnd { get; private set; }

    /// <summary>Takes whole lines, each ended by <c>\n</c>.</summary>
    public void Accept(ReadOnlyMemory<byte> lines, EventBlockBuilder output)
    {
        var bytes = lines.Span;
        // One vectorised check of all lines is cheaper than a check of each, and nearly always succeeds. ASCII has no line breaks of
        // Unicode.
        var clean = !bytes.Contains((byte)'\r') && (Ascii.IsValid(bytes) || (Utf8.IsValid(bytes) && !UnicodeLineBreaks.AreIn(bytes)));
        int runStart = 0, runCount = 0, position = 0;
        while (position < bytes.Length)
        {
            if (Outcome is not null)
            {
                LinesAfterEnd = true;
                break;
            }

            var length = bytes[position..].IndexOf((byte)'\n');
            if (length < 0)
                throw new ArgumentException("The last line has no end.", nameof(lines));
            if (clean && AcceptOrdinary(bytes.Slice(position, length)))
            {
                runCount++;
            }
            else
            {
                output.Add(lines[runStart..position], runCount);
                AcceptOther(lines.Slice(position, length + 1), output);
                runStart = position + length + 1;
                runCount = 0;
            }

            position += length + 1;
        }

        output.Add(lines[runStart..position], runCount);
    }

    /// <summary>Ends the turn with a <c>turn.failed</c> of the server's own; no effect when it has ended.</summary>
    public void Fail(TurnStatus status, string code, string message, EventBlockBuilder output)
    {
        if (Outcome is not null)
            return;
        message = Storable(message);
        Close(output);
        output.Add(ServerLines.TurnFailed(code, message), 1);
        Outcome = new TurnOutcome(status, code, message, Usage: null, CumulativeUsage: null);
    }

    /// <summary>True when the line can pass unchanged together with its neighbours; false without any effect.</summary>
    private bool AcceptOrdinary(ReadOnlySpan<byte> line)
    {
        if (EventLine.Read(line, out var facts) is not null)
            return false;
        switch (facts.Type)
        {
            case EventType.ItemOpen:
                _openItems.Open(line, facts);
                return true;
            case EventType.ItemCompleted:
                _openItems.Complete(line, facts);
                return true;
            default:
                return facts.Type == EventType.Other;
        }
    }

    private void AcceptOther(ReadOnlyMemory<byte> line, EventBlockBuilder output)
    {
        var content = line.Span[..^1].TrimEnd((byte)'\r');
        if (content.Trim(" \t\r"u8).IsEmpty)
            return;
        if (!Utf8.IsValid(content))
        {
            AddGarbage("not valid UTF-8", content, output);
            return;
        }

        var fault = EventLine.Read(content, out var facts);
        if (fault is not null)
        {
            AddGarbage(fault, content, output);
            return;
        }

        if (content.Length != line.Length - 1)
            line = (byte[])[.. content, (byte)'\n'];
        if (content.Contains((byte)'\r'))
        {
            // A carriage return is white space between JSON tokens, but a line end in SSE.
            var copy = line.ToArray();
            copy.AsSpan().Replace((byte)'\r', (byte)' ');
            line = copy;
            EventLine.Read(copy.AsSpan(..^1), out facts);
        }

        if (UnicodeLineBreaks.AreIn(line.Span))
        {
            line = UnicodeLineBreaks.Escape(line.Span);
            EventLine.Read(line.Span[..^1], out facts);
        }

        AcceptEvent(line, facts, output);
    }

    private void AcceptEvent(ReadOnlyMemory<byte> line, in EventLine facts, EventBlockBuilder output)
    {
        switch (facts.Type)
        {
            case EventType.ThreadStarted:
                AcceptThreadStarted(line, facts, output);
                return;
            case EventType.ItemOpen:
                _openItems.Open(line.Span, facts);
                break;
            case EventType.ItemCompleted:
                _openItems.Complete(line.Span, facts);
                break;
            case EventType.TurnCompleted:
                Close(output);
                Outcome = new TurnOutcome(TurnStatus.Completed, null, null, OwnUsage(facts.Usage), facts.Usage);
                break;
            case EventType.TurnFailed:
                Close(output);
                Outcome = new TurnOutcome(TurnStatus.Failed, null, Storable(facts.ErrorMessage), OwnUsage(facts.Usage), facts.Usage);
                break;
        }

        output.Add(line, 1);
    }

    private void AcceptThreadStarted(ReadOnlyMemory<byte> line, in EventLine facts, EventBlockBuilder output)
    {
        var id = Encoding.UTF8.GetString(line.Span[facts.ThreadIdToken].Trim((byte)'"'));
        if (resumedCodexThreadId is not null && !string.Equals(id, resumedCodexThreadId, StringComparison.OrdinalIgnoreCase))
        {
            // The CLI silently opens a new session when it takes the given id for an unknown session name.
            Fail(
                TurnStatus.Failed,
                FailureCodes.ResumeMismatch,
                "The Codex CLI opened another session than the one this thread continues, so the turn was stopped before it could answer "
                + "without the thread's history. Start a new thread, or restore the session's file in the CLI's home.",
                output);
            return;
        }

        if (id.Length > 0)
        {
            CodexThreadId = id;
            var span = line.Span;
            line = (byte[])
            [
                .. span[..facts.ThreadIdToken.Start.Value],
                (byte)'"', .. Encoding.UTF8.GetBytes(threadId.ToString()), (byte)'"',
                .. span[facts.ThreadIdToken.End.Value..],
            ];
        }

        output.Add(line, 1);
    }

    private void AddGarbage(string fault, ReadOnlySpan<byte> line, EventBlockBuilder output)
    {
        if (_errorItems == MaxGarbageItems)
        {
            _hiddenGarbage++;
            return;
        }

        var message = $"The Codex CLI printed a line that is no event ({fault}): {ServerLines.Excerpt(line)}";
        output.Add(ServerLines.ErrorItem(_errorItems++, message), 1);
    }

    private void Close(EventBlockBuilder output)
    {
        _openItems.CloseAll(output);
        if (_hiddenGarbage > 0)
        {
            var message = $"The Codex CLI printed {_hiddenGarbage} further lines that are no events; they were left out.";
            output.Add(ServerLines.ErrorItem(_errorItems++, message), 1);
        }

        _hiddenGarbage = 0;
    }

    /// <summary>
    /// The turn's own usage. The CLI counts over the whole thread, so the usage before is subtracted; a lower count means that the CLI has
    /// restarted its count.
    /// </summary>
    private TokenUsage? OwnUsage(TokenUsage? cumulative)
    {
        if (cumulative is null)
            return null;
        var own = new TokenUsage
        {
            InputTokens = cumulative.InputTokens - usageBefore.InputTokens,
            CachedInputTokens = cumulative.CachedInputTokens - usageBefore.CachedInputTokens,
            CacheWriteInputTokens = cumulative.CacheWriteInputTokens - usageBefore.CacheWriteInputTokens,
            OutputTokens = cumulative.OutputTokens - usageBefore.OutputTokens,
            ReasoningOutputTokens = cumulative.ReasoningOutputTokens - usageBefore.ReasoningOutputTokens,
        };
        var restarted = own.InputTokens < 0
            || own.CachedInputTokens < 0
            || own.CacheWriteInputTokens < 0
            || own.OutputTokens < 0
            || own.ReasoningOutputTokens < 0;
        return restarted ? cumulative : own;
    }

    /// <summary>
    /// Makes a message storable in every database: cut between two characters, without NUL and halves of surrogate pairs. A message that
    /// cannot be stored would lose the turn's end.
    /// </summary>
    [return: NotNullIfNotNull(nameof(message))]
    private static string? Storable(string? message)
    {
        if (message is null)
            return null;
        var text = new StringBuilder(Math.Min(message.Length, MaxErrorMessage) + 1);
        foreach (var rune in message.EnumerateRunes())
        {
            if (text.Length + rune.Utf16SequenceLength > MaxErrorMessage)
                return text.Append('…').ToString();
            text.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        }

        return text.ToString();
    }
}
