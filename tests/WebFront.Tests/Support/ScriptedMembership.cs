using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>A cluster of one other silo, of which the test says how it is.</summary>
internal sealed class ScriptedMembership : IClusterMembershipService, IDisposable
{
    private readonly SiloAddress _other = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);
    private readonly Channel<ClusterMembershipSnapshot> _updates = Channel.CreateUnbounded<ClusterMembershipSnapshot>();
    private long _version;

    public ClusterMembershipSnapshot CurrentSnapshot { get; private set; } = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, MembershipVersion.MinValue);

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => _updates.Reader.ReadAllAsync();

    public void Tell(SiloStatus status)
    {
        CurrentSnapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty.Add(_other, new ClusterMember(_other, status, "other")), new MembershipVersion(++_version));
        _updates.Writer.TryWrite(CurrentSnapshot);
    }

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => default;

    public Task<bool> TryKill(SiloAddress siloAddress) => Task.FromResult(false);

    public void Dispose() => _updates.Writer.TryComplete();
}
