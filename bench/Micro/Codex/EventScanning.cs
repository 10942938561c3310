using System.Text;
using BenchmarkDotNet.Attributes;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Codex.Exec;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Micro.Codex;

/// <summary>What the server looks at in the CLI's lines: one line alone, and a block of lines on its way from the read buffer to the log.</summary>
public class EventScanning
{
    private readonly byte[] _message = SampleLines.Messages(1)[..^1];
    private readonly byte[] _command = Encoding.UTF8.GetBytes(SampleLines.Command(4_096))[..^1];
    private readonly byte[] _one = SampleLines.Messages(1);
    private readonly byte[] _burst = SampleLines.Messages(SampleLines.Burst);
    private readonly TurnTranscript _transcript = new(Guid.CreateVersion7(), null, new TokenUsage());
    private readonly EventBlockBuilder _block = new();

    [Benchmark(Description = "scan a message line, 300 B")]
    public bool Message() => EventLine.Read(_message, out _) is null;

    [Benchmark(Description = "scan a command line, 4 KiB")]
    public bool Command() => EventLine.Read(_command, out _) is null;

    [Benchmark(Description = "block of 1 line")]
    public object? BlockOfOne() => Accept(_one);

    [Benchmark(Description = "block of 150 lines, per line", OperationsPerInvoke = SampleLines.Burst)]
    public object? BlockOfMany() => Accept(_burst);

    private EventBlock? Accept(byte[] lines)
    {
        _transcript.Accept(lines, _block);
        return _block.Build(null, null);
    }
}
