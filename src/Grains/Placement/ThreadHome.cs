using CodexOrleans.Codex.Processes;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Placement;

/// <summary>The silo that has a thread's own files: the node that ran its last turn, at whatever address it is now.</summary>
public sealed class ThreadHome(IThreadReader reader, IClusterMembershipService membership, ProcessTag host)
{
    /// <summary>The silo of that node; null if the thread is new, or the node is down.</summary>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public async ValueTask<SiloAddress?> Find(Guid threadId)
    {
        if (await reader.ReadTurns(threadId, 1) is not [var last] || ProcessTag.InstallationOf(last.Host) is not { } installation)
            return null;
        return membership.CurrentSnapshot.Members.Values
            .FirstOrDefault(member => member.Status == SiloStatus.Active && member.Name == installation)?.SiloAddress;
    }

    /// <summary>As <see cref="Find"/>, but null if it is this node.</summary>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public async ValueTask<SiloAddress?> FindElsewhere(Guid threadId) =>
        await Find(threadId) is { } silo && membership.CurrentSnapshot.Members[silo].Name != host.Installation ? silo : null;
}
