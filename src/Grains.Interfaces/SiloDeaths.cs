using System.Runtime.CompilerServices;

namespace CodexOrleans.Grains;

/// <summary>When silos of the cluster die.</summary>
public static class SiloDeaths
{
    /// <summary>An element each time that silos are found dead which were not dead before.</summary>
    /// <param name="membership">Who tells.</param>
    /// <param name="known">What is known already.</param>
    public static async IAsyncEnumerable<ClusterMembershipSnapshot> DeathsSince(
        this IClusterMembershipService membership, ClusterMembershipSnapshot known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(cancellationToken))
        {
            if (snapshot.Members.Values.Any(member => member.Status == SiloStatus.Dead && known.GetSiloStatus(member.SiloAddress) != SiloStatus.Dead))
                yield return snapshot;
            known = snapshot;
        }
    }
}
