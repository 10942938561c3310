namespace CodexOrleans.Storage.Data;

/// <summary>
/// The cluster's front ends that live. One that was killed tells nobody: it is known by its silence, and what was kept for it is removed.
/// </summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be written.</remarks>
public interface IFrontRegister
{
    /// <summary>How often a front end is to call <see cref="Heartbeat"/>.</summary>
    static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Silence after which a front end counts as gone. By then no thread has published to it for a minute: its leases are shorter.
    /// </summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Begins the life of a front end. Before it subscribes to its stream, so that nothing is kept for one that is not in here.
    /// </summary>
    Task Join(string name, CancellationToken cancellationToken);

    /// <summary>Says that the front end lives.</summary>
    /// <returns>
    /// False when it was silent for so long that it has been taken for dead. What was kept for it is gone or about to go, so that it has to
    /// take another name.
    /// </returns>
    Task<bool> Heartbeat(string name, CancellationToken cancellationToken);
}

/// <summary>The one front end of a process that is the whole cluster: nothing is kept for it that would outlive it.</summary>
public sealed class SoleFront : IFrontRegister
{
    public Task Join(string name, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> Heartbeat(string name, CancellationToken cancellationToken) => Task.FromResult(true);
}
