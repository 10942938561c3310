using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Postgres.Cluster;
using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// The grain directory in the cluster's database: on which silo each grain is active. Orleans' own directory is spread over the silos; when
/// one of them stops or restarts, the others deactivate every grain whose entry it held, and running turns would end with them.
/// </summary>
/// <remarks>While the database is away, callers on every node get a <see cref="StorageUnavailableException"/>.</remarks>
internal sealed partial class PostgresGrainDirectory(GrainDirectoryTable table, ILogger<PostgresGrainDirectory> logger) : IGrainDirectory
{
    public async Task<GrainAddress?> Register(GrainAddress address)
    {
        while (true)
        {
            var registered = await Reach(() => table.Register(address.GrainId.ToString(), EntryOf(address)));
            // None: another entry prevented the insert and was deleted before it could be read. The next attempt decides.
            if (registered is not null)
                return AddressOf(address.GrainId, registered);
        }
    }

    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        if (previousAddress is not null)
            await Reach(() => table.Replace(address.GrainId.ToString(), EntryOf(address), EntryOf(previousAddress)));
        return await Register(address);
    }

    public async Task<GrainAddress?> Lookup(GrainId grainId) =>
        await Reach(() => table.Find(grainId.ToString())) is { } found ? AddressOf(grainId, found) : null;

    /// <summary>Never fails: Orleans ignores the result, and the next activation of the grain replaces the entry.</summary>
    public Task Unregister(GrainAddress address) =>
        TryRemove(() => table.Remove(address.GrainId.ToString(), address.ActivationId.ToParsableString()));

    /// <summary>
    /// Never fails: Orleans does not call again for these silos. <see cref="ClusterUpkeep"/> deletes the entries that remain.
    /// </summary>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) =>
        TryRemove(() => table.RemoveSilos([.. siloAddresses.Select(silo => silo.ToParsableString())]));

    private static GrainEntry EntryOf(GrainAddress address) =>
        new(address.ActivationId.ToParsableString(), address.SiloAddress!.ToParsableString(), address.MembershipVersion.Value);

    private static GrainAddress AddressOf(GrainId grainId, GrainEntry entry) => new()
    {
        GrainId = grainId,
        ActivationId = ActivationId.FromParsableString(entry.Activation),
        SiloAddress = SiloAddress.FromParsableString(entry.Silo),
        MembershipVersion = new MembershipVersion(entry.MembershipVersion),
    };

    private static async Task<T> Reach<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (StorageException e)
        {
            // Orleans logs a stack trace for each call that it cannot address, unless the innermost cause is a key that was not found.
            // Whoever made the call is told, and says so in a line.
            throw new StorageUnavailableException(
                $"The grain directory cannot be read or written. {e.Message}", new KeyNotFoundException(e.Message));
        }
    }

    private async Task TryRemove(Func<Task> remove)
    {
        try
        {
            await remove();
        }
        catch (StorageException e)
        {
            LogNotUnregistered(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Entries of grains that have left could not be deleted from the grain directory now.")]
    private partial void LogNotUnregistered(Exception exception);
}
