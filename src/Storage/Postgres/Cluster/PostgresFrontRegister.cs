using CodexOrleans.Storage.Data;
using Npgsql;

namespace CodexOrleans.Storage.Postgres.Cluster;

/// <summary>The register of front ends, by the database's clock.</summary>
internal sealed class PostgresFrontRegister(NpgsqlDataSource database) : IFrontRegister
{
    private const string JoinSql =
        "INSERT INTO front_ends (name, seen_at) VALUES (@name, now()) ON CONFLICT (name) DO UPDATE SET seen_at = now()";

    private const string HeartbeatSql = "UPDATE front_ends SET seen_at = now() WHERE name = @name";

    public Task Join(string name, CancellationToken cancellationToken) => database.Execute(JoinSql, new { name }, cancellationToken);

    public async Task<bool> Heartbeat(string name, CancellationToken cancellationToken) =>
        await database.Execute(HeartbeatSql, new { name }, cancellationToken) > 0;
}
