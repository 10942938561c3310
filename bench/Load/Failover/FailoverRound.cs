using System.Diagnostics;
using System.Net.Http.Json;
using CodexOrleans.Load.Servers;
using Npgsql;

namespace CodexOrleans.Load.Failover;

/// <summary>One kill -9 of one of three nodes with running turns and viewers on all.</summary>
internal sealed class FailoverRound(FailoverCluster cluster, int victim, int turnsPerNode, string workspace, FailoverFigures figures)
{
    // 20 events a second, for longer than any round lasts.
    private const string Turn = "bench events=100000 bytes=300 every_us=50000";

    private static readonly TimeSpan _settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _watch = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _retry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(10);

    public async Task Play(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var viewing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var survivors = Enumerable.Range(0, FailoverCluster.Count).Where(node => node != victim).Select(node => cluster[node]).ToList();
        var lost = await StartTurns(http, cluster[victim], cancellationToken);
        var viewers = new List<(LiveViewer Viewer, ServerProcess Owner)>();
        foreach (var owner in survivors)
        {
            foreach (var thread in await StartTurns(http, owner, cancellationToken))
                viewers.AddRange([(new(http, thread, owner, survivors), owner), (new(http, thread, survivors.First(node => node != owner), survivors), owner), (new(http, thread, cluster[victim], survivors), owner)]);
        }

        var watching = Task.WhenAll(viewers.Select(viewer => viewer.Viewer.Run(viewing.Token)));
        await Task.Delay(_settle + _watch, cancellationToken);
        var begin = Stopwatch.GetTimestamp();
        cluster.Kill(victim);

        // Half of the lost threads are called, and nobody asks for the others.
        var called = lost.Where((_, index) => index % 2 == 0).ToList();
        var calls = called.Select(thread => Call(http, survivors, thread, begin, cancellationToken)).ToList();
        var ends = lost.Except(called).Select(thread => Closed(thread, begin, cancellationToken)).ToList();
        await Task.Delay(_watch, cancellationToken);
        var end = Stopwatch.GetTimestamp();
        foreach (var took in await Task.WhenAll(calls))
            figures.Call.Add(took);
        foreach (var took in await Task.WhenAll(ends))
            figures.Close.Add(took);
        await viewing.CancelAsync();
        await watching;

        var calm = begin - (long)(_watch.TotalSeconds * Stopwatch.Frequency);
        foreach (var (viewer, owner) in viewers)
        {
            var figure = viewer.Node == owner ? figures.PauseBeside : survivors.Contains(viewer.Node) ? figures.PauseAcross : figures.PauseReconnected;
            figure.Add(Nanoseconds(viewer.LongestPause(begin, end)));
            figures.PauseBefore.Add(Nanoseconds(viewer.LongestPause(calm, begin)));
        }

        await EndTurns(http, survivors[0], cancellationToken);
        await cluster.Bury(victim);
        await cluster.StartNode(victim, cancellationToken);
    }

    private static long Nanoseconds(TimeSpan time) => (long)time.TotalNanoseconds;

    private static long Since(long begin) => Nanoseconds(Stopwatch.GetElapsedTime(begin));

    private async Task<List<string>> StartTurns(HttpClient http, ServerProcess node, CancellationToken cancellationToken)
    {
        var threads = new List<string>();
        for (var i = 0; i < turnsPerNode; i++)
            threads.Add(await StartTurn(http, node, thread: null, cancellationToken) ?? throw new InvalidOperationException($"{node.Name} refused a turn."));
        return threads;
    }

    /// <returns>The thread, or null when the turn was refused.</returns>
    private async Task<string?> StartTurn(HttpClient http, ServerProcess node, string? thread, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{node.Endpoint}/api/codex/stream")
        {
            Content = JsonContent.Create(new { prompt = Turn, thread_id = thread, working_directory = workspace, skip_git_repo_check = true }),
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode ? response.Headers.GetValues("Codex-Thread-Id").Single() : null;
    }

    /// <summary>Until a new turn of a lost thread is accepted by somebody.</summary>
    private async Task<long> Call(HttpClient http, List<ServerProcess> nodes, string thread, long begin, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await StartTurn(http, nodes[Random.Shared.Next(nodes.Count)], thread, cancellationToken) is not null)
                    return Since(begin);
            }
            catch (HttpRequestException)
            {
                // Not accepted; again.
            }

            await Task.Delay(_retry, cancellationToken);
        }
    }

    /// <summary>Until the lost turn has its end in the log.</summary>
    private async Task<long> Closed(string thread, long begin, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var command = cluster.Database.CreateCommand("SELECT EXISTS (SELECT FROM turns WHERE thread_id = $1 AND status = 0)");
            command.Parameters.Add(new NpgsqlParameter { Value = Guid.Parse(thread) });
            if (await command.ExecuteScalarAsync(cancellationToken) is false)
                return Since(begin);
            await Task.Delay(_look, cancellationToken);
        }
    }

    private async Task EndTurns(HttpClient http, ServerProcess node, CancellationToken cancellationToken)
    {
        var running = new List<Guid>();
        await using (var command = cluster.Database.CreateCommand("SELECT thread_id FROM turns WHERE status = 0"))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
                running.Add(row.GetGuid(0));
        }

        foreach (var thread in running)
        {
            using var response = await http.PostAsJsonAsync($"http://{node.Endpoint}/api/codex/threads/{thread}/interrupt", new { }, cancellationToken);
            response.EnsureSuccessStatusCode();
        }
    }
}
