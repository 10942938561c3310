using System.Runtime.CompilerServices;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Events;

namespace CodexOrleans.Client;

/// <summary>A conversation with the agent. One turn at a time.</summary>
public sealed class CodexThread
{
    private readonly Codex _codex;
    private readonly ThreadOptions _options;
    private ICodexSession? _session;
    private int _running;

    internal CodexThread(Codex codex, Guid? id, ThreadOptions options)
    {
        _codex = codex;
        Id = id;
        _options = options with { WorkingDirectory = Path.GetFullPath(options.WorkingDirectory ?? Directory.GetCurrentDirectory()) };
    }

    /// <summary>The CLI's id of the session, to resume it by; null until the first turn has begun.</summary>
    public Guid? Id { get; private set; }

    /// <summary>
    /// Runs one turn and yields its events as they come; the last one is <see cref="TurnCompletedEvent"/> or
    /// <see cref="TurnFailedEvent"/>, whatever happens to the CLI. Leaving the loop early ends the turn.
    /// </summary>
    /// <param name="cancellationToken">
    /// Interrupts the turn; the enumeration then ends with an <see cref="OperationCanceledException"/>.
    /// </param>
    /// <exception cref="InvalidOperationException">A turn of this thread is running.</exception>
    public async IAsyncEnumerable<CodexEvent> RunStreamedAsync(
        string prompt, TurnOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var (line, _) in Run(prompt, options ?? new TurnOptions(), cancellationToken).ConfigureAwait(false))
            yield return line;
    }

    /// <summary>Runs one turn to its end.</summary>
    /// <exception cref="CodexTurnException">The turn failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A turn of this thread is running.</exception>
    public async Task<CodexTurn> RunAsync(string prompt, TurnOptions? options = null, CancellationToken cancellationToken = default)
    {
        var items = new List<CodexItem>();
        TurnOutcome? outcome = null;
        await foreach (var (line, end) in Run(prompt, options ?? new TurnOptions(), cancellationToken).ConfigureAwait(false))
        {
            if (line is ItemCompletedEvent { Item: var item })
                items.Add(item);
            outcome = end ?? outcome;
        }

        return outcome!.Status == TurnStatus.Completed
            ? new CodexTurn(items, items.OfType<AgentMessageItem>().LastOrDefault()?.Text ?? "", outcome.Usage)
            : throw new CodexTurnException(outcome.ErrorMessage ?? "The turn failed.", outcome.ErrorCode, items);
    }

    private async IAsyncEnumerable<(CodexEvent Line, TurnOutcome? Outcome)> Run(
        string prompt, TurnOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
            throw new InvalidOperationException("A turn of this thread is running. Wait for its end, or start another thread.");
        try
        {
            await _codex.Guard().ConfigureAwait(false);
            // The CLI's own id is the one to use here: whatever stands in the event is replaced by it below.
            _session ??= _codex.Engine.Open(new SessionSpec { ThreadId = Guid.Empty, Account = _codex.Account, Resume = Id?.ToString() });
            await using var turn = _session.Start(new TurnSpec
            {
                TurnId = Guid.CreateVersion7(),
                Prompt = prompt,
                Options = _options,
                OutputSchema = options.OutputSchema,
                Images = options.Images,
                Timeout = _codex.Account.TurnTimeout,
            });
            var interrupted = false;
            await using var interrupt = cancellationToken.Register(() => turn.Stop(StopReason.Interrupted));
            while (await turn.Read(CancellationToken.None).ConfigureAwait(false) is { } block)
            {
                if (Guid.TryParse(block.CodexThreadId, out var id))
                    Id = id;
                interrupted = block.Outcome?.Status == TurnStatus.Interrupted;
                var left = block.Count;
                foreach (var line in Parse(block.Lines))
                    yield return (
                        line is ThreadStartedEvent started ? started with { ThreadId = Id?.ToString() ?? "" } : line,
                        --left == 0 ? block.Outcome : null);
            }

            await turn.Settled.ConfigureAwait(false);
            if (interrupted)
                throw new OperationCanceledException("The turn was interrupted.", cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private static IEnumerable<CodexEvent> Parse(byte[] lines)
    {
        for (var start = 0; start < lines.Length;)
        {
            var end = Array.IndexOf(lines, (byte)'\n', start);
            yield return CodexJson.Parse(lines.AsSpan(start, end - start));
            start = end + 1;
        }
    }
}
