using System.Text;
using System.Text.RegularExpressions;

namespace CodexOrleans.Codex.Processes;

/// <summary>The end of what the CLI wrote to stderr: a mix of notices, coloured log lines, panics and backtraces.</summary>
internal sealed partial class StderrTail
{
    private const int Capacity = 4_096;

    private readonly Lock _lock = new();
    private readonly byte[] _ring = new byte[Capacity];
    private long _written;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _written += bytes.Length;
            if (bytes.Length > Capacity)
                bytes = bytes[^Capacity..];
            var start = (int)((_written - bytes.Length) % Capacity);
            var first = Math.Min(bytes.Length, Capacity - start);
            bytes[..first].CopyTo(_ring.AsSpan(start));
            bytes[first..].CopyTo(_ring);
        }
    }

    /// <summary>The informative lines, or an empty text.</summary>
    public string Text()
    {
        string text;
        lock (_lock)
        {
            var start = (int)(_written % Capacity);
            text = _written <= Capacity
                ? Encoding.UTF8.GetString(_ring, 0, (int)_written)
                : Encoding.UTF8.GetString([.. _ring.AsSpan(start), .. _ring.AsSpan(0, start)]);
            // The first line is probably cut and would mislead, so it is left out unless it is the only one.
            if (_written > Capacity && text.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end && end < text.Length - 1)
                text = text[(end + 1)..];
        }

        var lines = new List<string>();
        foreach (var raw in AnsiSequence().Replace(text, "").Split('\n'))
        {
            var line = new string([.. raw.Where(c => c == '\t' || !char.IsControl(c))]).TrimEnd();
            if (line.Length > 0 && !Noise().IsMatch(line))
                lines.Add(line);
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\x1B(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1B]*(?:\x07|\x1B\\)|[@-Z\\-_])")]
    private static partial Regex AnsiSequence();

    /// <summary>Matches lines that the CLI prints in successful turns too, and backtrace frames without symbols.</summary>
    [GeneratedRegex(
        @"^(Reading (additional input|prompt) from stdin\.\.\.|Stack backtrace:|\s*\d+: .*|\s+at .*"
        + @"|WARNING: proceeding, even though we could not .*|note: run with `RUST_BACKTRACE.*)$")]
    private static partial Regex Noise();
}
