using CodexOrleans.Codex.Engines;

namespace CodexOrleans.Grains.Threads;

/// <summary>A turn that is ready to be started.</summary>
/// <param name="Session">The session in which it runs.</param>
/// <param name="Spec">What it is started with.</param>
internal sealed record PreparedTurn(ICodexSession Session, TurnSpec Spec);
