using Orleans.Runtime.Placement;

namespace CodexOrleans.Grains.Placement;

/// <summary>
/// Chooses the silo for a thread that is active nowhere: the one that keeps a turn slot for it, else its home; for a new thread, or if that
/// is gone, the one that asks, so that its events have no way to go.
/// A balancer in front of the nodes spreads the threads, and a full node sends its new ones to one that is not.
/// </summary>
internal sealed class ThreadPlacementDirector(ThreadHome homes) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (silos.Length == 1)
            return silos[0];
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } promised)
            return promised;
        if (target.GrainIdentity.TryGetGuidKey(out var thread, out _) && await homes.Find(thread) is { } home && Array.IndexOf(silos, home) >= 0)
            return home;

        return Array.IndexOf(silos, context.LocalSilo) >= 0 ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)];
    }
}
