using System.Text;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Processes;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Tests.Support;

/// <summary>An engine of the test's own, by default on the fake CLI, and a folder to work in.</summary>
internal sealed class EngineFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EngineFixture(Action<CodexOptions>? configure = null, ProcessTag? host = null, TimeProvider? time = null, string? sessionStarter = null)
    {
        Options = new CodexOptions { ExecutablePath = FakeCli.Path };
        configure?.Invoke(Options);
        Host = host ?? ProcessTag.Ephemeral();
        Strays = new StrayProcesses(Host, NullLogger<StrayProcesses>.Instance);
        Account = new CodexAccount(Options, Host);
        Engine = new ExecEngine(
            new OptionsWrapper<CodexOptions>(Options),
            new ScratchFolder(Scratch),
            Strays,
            time ?? TimeProvider.System,
            NullLogger<ExecEngine>.Instance);
        Engine.Supervisor = Engine.Supervisor with { SessionStarter = sessionStarter };
    }

    public CodexAccount Account { get; }

    public CodexOptions Options { get; }

    public ProcessTag Host { get; }

    public StrayProcesses Strays { get; }

    public ExecEngine Engine { get; }

    public string Folder => _folder.Path;

    public string Scratch => _folder["scratch"];

    public ICodexTurn Start(
        string prompt, Func<TurnSpec, TurnSpec>? change = null, Func<SessionSpec, SessionSpec>? session = null)
    {
        var opened = new SessionSpec { ThreadId = Guid.CreateVersion7(), Account = Account };
        var turn = new TurnSpec
        {
            TurnId = Guid.CreateVersion7(),
            Prompt = prompt,
            Options = new ThreadOptions { WorkingDirectory = Folder },
        };
        return Engine.Open(session?.Invoke(opened) ?? opened).Start(change?.Invoke(turn) ?? turn);
    }

    /// <summary>Runs a turn to its end and to the end of its processes.</summary>
    public async Task<TurnRecording> Run(
        string prompt, Func<TurnSpec, TurnSpec>? change = null, Func<SessionSpec, SessionSpec>? session = null)
    {
        await using var turn = Start(prompt, change, session);
        var recording = await turn.Record();
        await turn.Settled.WaitAsync(TestContext.Current.CancellationToken);
        return recording;
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>What a turn said.</summary>
internal sealed record TurnRecording(IReadOnlyList<string> Lines, TurnOutcome Outcome, string? CodexThreadId);

internal static class TurnReading
{
    /// <summary>Reads a turn to its end.</summary>
    public static async Task<TurnRecording> Record(this ICodexTurn turn)
    {
        var lines = new List<string>();
        TurnOutcome? outcome = null;
        string? codexThreadId = null;
        while (await turn.Read(TestContext.Current.CancellationToken) is { } block)
        {
            Assert.Null(outcome);
            lines.AddRange(LinesOf(block));
            codexThreadId ??= block.CodexThreadId;
            outcome = block.Outcome;
        }

        Assert.NotNull(outcome);
        return new TurnRecording(lines, outcome, codexThreadId);
    }

    /// <summary>Reads until a line holds the text; the lines up to there.</summary>
    public static async Task<List<string>> ReadUntil(this ICodexTurn turn, string text)
    {
        var lines = new List<string>();
        while (!lines.Exists(l => l.Contains(text, StringComparison.Ordinal)))
        {
            var block = await turn.Read(TestContext.Current.CancellationToken);
            Assert.True(block is not null, $"The turn ended without '{text}': {string.Join('\n', lines)}");
            lines.AddRange(LinesOf(block));
        }

        return lines;
    }

    public static string[] LinesOf(EventBlock block)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(block.Lines);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        var lines = text[..^1].Split('\n');
        Assert.Equal(block.Count, lines.Length);
        return lines;
    }
}
