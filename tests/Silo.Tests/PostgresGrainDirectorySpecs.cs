using System.Net;
using CodexOrleans.Grains;
using CodexOrleans.Silo.Cluster;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Postgres.Cluster;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Silo.Tests;

/// <summary>The directory on a real PostgreSQL.</summary>
public sealed class PostgresGrainDirectorySpecs
{
    private static readonly SiloAddress _one = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 1);
    private static readonly SiloAddress _other = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11112), 2);

    [Fact]
    public async Task The_places_of_silos_that_have_died_are_forgotten_and_no_others()
    {
        await using var store = await Open(await PostgresServer.Shared);
        var directory = new PostgresGrainDirectory(new GrainDirectoryTable(store.Connections), NullLogger<PostgresGrainDirectory>.Instance);
        var third = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11113), 3);
        GrainAddress[] places = [Place("a", _one), Place("b", _other), Place("c", third)];
        foreach (var place in places)
            Assert.Equal(place, await directory.Register(place));

        await directory.UnregisterSilos([_one, third]);

        Assert.Null(await directory.Lookup(places[0].GrainId));
        Assert.Equal(places[1], await directory.Lookup(places[1].GrainId));
        Assert.Null(await directory.Lookup(places[2].GrainId));
    }

    [Fact(Timeout = 120_000)]
    public async Task While_the_database_is_away_nothing_is_found_and_what_is_removed_is_left_to_others()
    {
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        await using var postgres = await PostgresServer.Start();
        await using var store = await Open(postgres);
        var directory = new PostgresGrainDirectory(new GrainDirectoryTable(store.Connections), NullLogger<PostgresGrainDirectory>.Instance);
        var place = Place("a", _one);
        await directory.Register(place);

        await postgres.Kill();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => directory.Lookup(place.GrainId));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => directory.Register(Place("b", _other)));
        await directory.Unregister(place);
        await directory.UnregisterSilos([_one]);

        // Another activation on the same silo takes the place over.
        await postgres.Restart();
        var next = Place("a", _one);
        Assert.Equal(place, await directory.Register(next));
        Assert.Equal(next, await directory.Register(next, place));
    }

    private static async Task<PostgresThreadStore> Open(PostgresServer postgres)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = await postgres.CreateDatabase() });
        await store.Open();
        return store;
    }

    private static GrainAddress Place(string grain, SiloAddress silo) => new()
    {
        GrainId = GrainId.Create("thread", grain),
        ActivationId = ActivationId.NewId(),
        SiloAddress = silo,
        MembershipVersion = new MembershipVersion(1),
    };
}
