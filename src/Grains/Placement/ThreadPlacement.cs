using Orleans.Placement;

namespace CodexOrleans.Grains.Placement;

/// <summary>A thread goes where its files are, and a new one where its prompt came in; see <see cref="ThreadPlacementDirector"/>.</summary>
[GenerateSerializer, Immutable, Alias("codex.ThreadPlacement")]
public sealed class ThreadPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class ThreadPlacementAttribute() : PlacementAttribute(new ThreadPlacement());
