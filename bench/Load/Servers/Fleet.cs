namespace CodexOrleans.Load.Servers;

/// <summary>All servers of a comparison, up at once: idle they cost next to nothing, which the comparison shows.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly List<ServerProcess> _servers = [];

    public IReadOnlyList<ServerProcess> Servers => _servers;

    public static async Task<Fleet> Start(ServerKinds kinds, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var fleet = new Fleet();
        try
        {
            foreach (var name in names)
                fleet._servers.Add(await kinds.Start(name, cancellationToken));
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }
}
