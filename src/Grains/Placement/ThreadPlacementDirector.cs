using CodexOrleans.Grains.Codex.Processes;
using CodexOrleans.Storage;
using Orleans.Runtime.Placement;

namespace CodexOrleans.Grains.Placement;

/// <summary>
/// Chooses the silo for a thread that is active nowhere: the one that keeps a turn slot for it, else the one that ran its last turn, since the thread's own folder and the CLI's
/// record of the session are there; for a new thread, or if that silo is gone, the one that asks, so that its events have no way to go.
/// A balancer in front of the nodes spreads the threads, and a full node sends its new ones to one that is not.
/// </summary>
internal sealed class ThreadPlacementDirector(IThreadReader reader, IClusterMembershipService membership) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (silos.Length == 1)
            return silos[0];
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } promised)
            return promised;
        if (target.GrainIdentity.TryGetGuidKey(out var thread, out _)
            && await reader.ReadTurns(thread, 1) is [var last]
            && HostTag.InstallationOf(last.Owner) is { } installation)
        {
            var members = membership.CurrentSnapshot.Members;
            if (Array.Find(silos, silo => members.TryGetValue(silo, out var member) && member.Name == installation) is { } home)
                return home;
        }

        return Array.IndexOf(silos, context.LocalSilo) >= 0 ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)];
    }
}
