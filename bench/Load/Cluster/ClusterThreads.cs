using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;
using Npgsql;

namespace CodexOrleans.Load.Cluster;

/// <summary>Threads whose owners are known, made for a load.</summary>
internal static class ClusterThreads
{
    private const int AtOnce = 8;

    /// <summary>What a short turn adds to the CLI's record of its session.</summary>
    public const int RecordBytes = 8_000;

    /// <summary>Makes threads by a turn of one event each, which the CLI can go on with.</summary>
    /// <param name="owner">The node, from 0, by the thread's place in the result.</param>
    public static async Task<string[]> Make(NodeCluster cluster, int count, Func<int, int> owner, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var body = new { prompt = new Scenario { Name = "first", Clients = 1, RecordBytes = RecordBytes }.Order };
        var threads = new string[count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, count, parallel, async (i, cancel) =>
        {
            using var response = await http.PostAsJsonAsync($"http://{cluster.Nodes[owner(i)].Endpoint}/api/codex/run", body, cancel);
            var run = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>(cancel);
            threads[i] = run!["thread_id"]!.GetValue<string>();
        });
        return threads;
    }

    /// <summary>One turn of the scenario in that thread, asked for and watched at a node.</summary>
    public static ClientPlan Turn(Scenario scenario, ServerProcess node, string thread, int place, LoadResult result)
    {
        var turn = scenario with { Clients = 1, RecordBytes = RecordBytes, Body = new JsonObject { ["thread_id"] = thread } };
        return turn.Plans(node.Endpoint, token: null, result).Single() with { StartAfter = scenario.Spread * place };
    }

    /// <summary>How many of the threads have run their turns on more than one node, or still run one.</summary>
    public static async Task<long> Strayed(NodeCluster cluster, string[] threads, CancellationToken cancellationToken)
    {
        await using var connection = await cluster.Postgres.Connect(cancellationToken, cluster.Name);
        await using var command = new NpgsqlCommand(
            "SELECT count(*) FROM (SELECT FROM turns WHERE thread_id = ANY ($1) GROUP BY thread_id HAVING count(DISTINCT host) > 1 OR min(status) = 0) strayed",
            connection);
        command.Parameters.Add(new NpgsqlParameter { Value = Array.ConvertAll(threads, Guid.Parse) });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
