namespace CodexOrleans.Grains;

/// <summary>One prompt and how to run it.</summary>
[GenerateSerializer, Immutable, Alias("codex.TurnRequest")]
public sealed record TurnRequest
{
    /// <summary>The user's text. May be empty only if the CLI accepts it; at most 1,048,576 characters (the CLI's own limit).</summary>
    [Id(0)] public required string Prompt { get; init; }

    /// <summary>Options that this turn sets for the thread.</summary>
    [Id(1)] public ThreadOptions Options { get; init; } = new();

    /// <summary>JSON Schema (as JSON text) that the final message must follow; this turn only.</summary>
    [Id(2)] public string? OutputSchema { get; init; }

    /// <summary>Absolute paths of images to show the model; this turn only.</summary>
    [Id(3)] public IReadOnlyList<string>? Images { get; init; }

    /// <summary>True when the caller made the thread's id just now; false when the thread must exist already.</summary>
    [Id(4)] public bool NewThread { get; init; }

    /// <summary>
    /// True for a turn by which a starting server warms up: a harmless process plays the CLI and prints the prompt, which holds the
    /// CLI's lines. Only on <see cref="RehearsalThreads"/>. Set by the server itself, never from what a client sends.
    /// </summary>
    [Id(5)] public bool Rehearsal { get; init; }

    /// <summary>What the turn's request for a slot says.</summary>
    [Id(6)] public TurnAdmission Admission { get; init; } = new();
}
