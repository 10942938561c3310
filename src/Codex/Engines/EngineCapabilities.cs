namespace CodexOrleans.Codex.Engines;

/// <summary>What an engine's turns can do.</summary>
[Flags]
public enum EngineCapabilities
{
    None = 0,

    /// <summary>A running turn takes further input: <see cref="ICodexTurn.Steer"/>.</summary>
    Steer = 1,

    /// <summary>A running turn asks questions and takes answers: <see cref="ICodexTurn.Answer"/>.</summary>
    Answer = 2,
}
