using Orleans.Runtime.Placement;

namespace CodexOrleans.Grains.Placement;

/// <summary>
/// Chooses the silo for a new activation: the one that has reserved a turn slot for the thread, else its home. For a new thread, or when
/// the home is down, it is the calling silo, so that events stay in one process. Threads are spread by the balancer in front of the nodes,
/// and by full nodes, which send new threads to others.
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
        if (target.GrainIdentity.TryGetGuidKey(out var thread, out _)
            && await homes.Find(thread) is { } home
            && Array.IndexOf(silos, home) >= 0)
        {
            return home;
        }


        return Array.IndexOf(silos, context.LocalSilo) >= 0 ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)];
    }
}
