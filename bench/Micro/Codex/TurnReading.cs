using BenchmarkDotNet.Attributes;
using CodexOrleans.Codex.Accounts;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Micro.Codex;

/// <summary>
/// A turn of the engine from the start of the process until all its processes are gone, without grain and log. The CLI is a
/// <c>cat</c> of a file: a long turn shows what a line costs on its way out of the pipe, a short one what a turn costs.
/// </summary>
public class TurnReading
{
    private const int Messages = 20_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("codex-orleans-micro-");
    private readonly ProcessTag _server = ProcessTag.Ephemeral();
    private readonly CodexAccount _account;
    private ExecEngine _one = null!;
    private ExecEngine _many = null!;

    public TurnReading() => _account = new CodexAccount(new CodexOptions(), _server);

    [GlobalSetup]
    public void Write()
    {
        _one = Engine(1);
        _many = Engine(Messages);
    }

    [GlobalCleanup]
    public void Delete() => _folder.Delete(recursive: true);

    [Benchmark(Description = "turn of 1 message")]
    public Task<long> OneMessage() => Run(_one);

    [Benchmark(Description = "turn of 20,000 messages, per message", OperationsPerInvoke = Messages)]
    public Task<long> ManyMessages() => Run(_many);

    private async Task<long> Run(ExecEngine engine)
    {
        var session = engine.Open(new SessionSpec { ThreadId = Guid.CreateVersion7(), Account = _account });
        await using var turn = session.Start(new TurnSpec
        {
            TurnId = Guid.CreateVersion7(),
            Prompt = "Hello",
            Options = new ThreadOptions { WorkingDirectory = _folder.FullName },
        });
        var count = 0L;
        while (await turn.Read() is { } block)
            count += block.Count;
        // As the server does: disposed sooner, a turn is ended by force, and that looks through all processes once more.
        await turn.Settled;
        return count;
    }

    private ExecEngine Engine(int messages)
    {
        var output = Path.Combine(_folder.FullName, $"{messages}.jsonl");
        File.WriteAllText(output, SampleLines.ThreadStarted + SampleLines.TurnStarted);
        using (var file = File.Open(output, FileMode.Append))
            file.Write(SampleLines.Messages(messages));
        File.AppendAllText(output, SampleLines.TurnCompleted);

        var cli = Path.Combine(_folder.FullName, $"codex-{messages}");
        File.WriteAllText(cli, $"#!/bin/sh\nexec cat '{output}'\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(cli, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new ExecEngine(
            Options.Create(new CodexOptions { ExecutablePath = cli }),
            new ScratchFolder(Path.Combine(_folder.FullName, "scratch")),
            new StrayProcesses(_server, NullLogger<StrayProcesses>.Instance),
            TimeProvider.System,
            NullLogger<ExecEngine>.Instance);
    }
}
