using System.Runtime.CompilerServices;

namespace CodexOrleans.Grains;

/// <summary>Deaths of silos of the cluster.</summary>
public static class SiloDeaths
{
    /// <summary>Yields the membership each time that it has a silo that is newly dead.</summary>
    /// <param name="membership">The membership to watch.</param>
    /// <param name="known">The last snapshot that the caller has seen.</param>
    public static async IAsyncEnumerable<ClusterMembershipSnapshot> DeathsSince(
        this IClusterMembershipService membership,
        ClusterMembershipSnapshot known,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(cancellationToken))
        {
            var died = snapshot.Members.Values.Any(member =>
                member.Status == SiloStatus.Dead && known.GetSiloStatus(member.SiloAddress) != SiloStatus.Dead);
            if (died)
                yield return snapshot;
            known = snapshot;
        }
    }
}
