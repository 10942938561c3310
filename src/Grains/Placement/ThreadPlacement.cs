using Orleans.Placement;

namespace CodexOrleans.Grains.Placement;

/// <summary>
/// Places a thread on the silo that has its files, and a new one on the silo that got its prompt; see
/// <see cref="ThreadPlacementDirector"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("codex.ThreadPlacement")]
public sealed class ThreadPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class ThreadPlacementAttribute() : PlacementAttribute(new ThreadPlacement());
