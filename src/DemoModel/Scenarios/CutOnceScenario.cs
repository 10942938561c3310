using System.Collections.Concurrent;
using CodexOrleans.DemoModel.Exchanges;

namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>The stream ends in the middle of a message, and the retry succeeds.</summary>
internal sealed class CutOnceScenario
{
    // A retry repeats the request, so the model must remember which it has cut; and a server that runs for long must forget.
    private const int MaxRemembered = 1_000;
    private readonly ConcurrentDictionary<string, bool> _cut = new();

    public Task Play(Exchange exchange)
    {
        if (_cut.Count >= MaxRemembered)
            _cut.Clear();
        var turn = $"{exchange.Request.ThreadId} {exchange.Request.Prompts.Count}";
        return _cut.TryAdd(turn, true) ? FailureScenarios.Cut(exchange) : exchange.Say("Recovered.");
    }
}
