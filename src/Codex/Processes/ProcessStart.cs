namespace CodexOrleans.Codex.Processes;

/// <summary>A program to start.</summary>
internal sealed record ProcessStart
{
    /// <summary>Absolute path of the program.</summary>
    public required string Executable { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required string WorkingDirectory { get; init; }

    /// <summary>Writes the environment, in place of the server's own. It must hold the tag by which the process is found.</summary>
    public required Action<IDictionary<string, string?>> Environment { get; init; }

    /// <summary>Writes stdin, which is closed when it returns; the token tells that the process has ended.</summary>
    public required Func<Stream, CancellationToken, Task> Input { get; init; }
}
