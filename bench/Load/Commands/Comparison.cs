using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Commands;

/// <summary>Plays every row on every server, pass after pass. Pass 0 is the cold one: the first of its kind that the server sees.</summary>
/// <param name="companion">See <see cref="LoadTarget.Companion"/>.</param>
internal sealed class Comparison(IReadOnlyList<CompareRow> rows, IReadOnlyList<ServerProcess> servers, int? companion = null)
{
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan _idleSpan = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _beforeIdle = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(int Pass, string Row, string Server, string Figure), double> _figures = [];

    public List<PlayedRow> Played { get; } = [];

    public int Passes { get; private set; }

    /// <summary>Plays one pass; the servers take turns in being first.</summary>
    public async Task Pass(CancellationToken cancellationToken)
    {
        var pass = Passes++;
        foreach (var row in rows)
        {
            if (row.Scenario is null)
            {
                await Idle(pass, row, cancellationToken);
                continue;
            }

            for (var i = 0; i < servers.Count; i++)
            {
                var server = servers[(i + pass) % servers.Count];
                await Task.Delay(_settle, cancellationToken);
                server.ThrowIfEnded();
                var played = (server.Target with { Companion = companion }).Play(row.Scenario, cancellationToken);
                Played.Add(new PlayedRow(pass, row.Name, played));
                foreach (var figure in row.Figures)
                    _figures[(pass, row.Name, server.Name, figure.Name)] = figure.Read(played);
                Console.Error.WriteLine(
                    $"pass {pass}, {row.Name} on {server.Name}: {string.Join(", ", row.Figures.Select(figure => $"{figure.Name} {TextTable.Figure(figure.Read(played))}"))}, rest {TextTable.Percent(played.RestBusy)}{(played.Faultless ? "" : ", " + played.Faults)}");
            }
        }
    }

    /// <summary>The comparison as a table.</summary>
    /// <param name="cold">The first pass alone, or the medians of all others.</param>
    public string Table(bool cold)
    {
        var names = servers.Select(server => server.Name).ToArray();
        var seeds = names.Where(ServerKinds.IsSeed).ToArray();
        var table = new TextTable(["row", "figure", .. names, "ours / best seed", "ours is", "noise"]);
        foreach (var row in rows)
        {
            foreach (var figure in row.Figures)
            {
                var values = names.ToDictionary(name => name, name => Median(cold, row.Name, name, figure.Name));
                var best = seeds.Length == 0 ? double.NaN : seeds.Select(seed => values[seed]).Aggregate(figure.Better);
                var ratio = values.GetValueOrDefault(ServerKinds.Ours, double.NaN) / best;
                var better = double.IsNaN(ratio) ? "-" : ratio == 1 ? "equal" : (ratio < 1) == figure.LowerIsBetter ? "better" : "WORSE";
                table.Add([row.Name, figure.Name, .. names.Select(name => TextTable.Figure(values[name])), TextTable.Figure(ratio), better, Noise(cold, row.Name)]);
            }
        }

        return table.ToString();
    }

    /// <summary>All figures of <see cref="Table"/>, for a file.</summary>
    public IEnumerable<object> Figures(bool cold) =>
        from row in rows
        from figure in row.Figures
        from server in servers
        select new { row = row.Name, figure = figure.Name, lower_is_better = figure.LowerIsBetter, server = server.Name, value = Median(cold, row.Name, server.Name, figure.Name) };

    /// <summary>A figure on one server: of the first pass, or the median of all others. NaN when it was not measured.</summary>
    public double Median(bool cold, string row, string server, string figure) =>
        Medians.Of(PassesOf(cold).Select(pass => _figures.GetValueOrDefault((pass, row, server, figure), double.NaN)));

    private async Task Idle(int pass, CompareRow row, CancellationToken cancellationToken)
    {
        await Task.Delay(_beforeIdle, cancellationToken);
        var percents = await IdleCpu.Measure([.. servers.Select(server => server.Id)], _idleSpan, cancellationToken);
        for (var i = 0; i < servers.Count; i++)
        {
            _figures[(pass, row.Name, servers[i].Name, CompareRow.Idle.Name)] = percents[i];
            Console.Error.WriteLine($"pass {pass}, {row.Name} on {servers[i].Name}: {TextTable.Figure(percents[i])} %");
        }
    }

    private IEnumerable<int> PassesOf(bool cold) => cold ? [0] : Enumerable.Range(1, Math.Max(0, Passes - 1));

    /// <summary>How busy others made the machine in the row's worst run, and in how many it was noisy.</summary>
    private string Noise(bool cold, string row)
    {
        var passes = PassesOf(cold).ToHashSet();
        var played = Played.Where(played => passes.Contains(played.Pass) && played.Row == row).Select(played => played.Figures).ToArray();
        if (played.Length == 0)
            return "-";
        var noisy = played.Count(run => run.Noisy);
        return TextTable.Percent(played.Max(run => run.RestBusy)) + (noisy == 0 ? "" : $" noisy {noisy}/{played.Length}");
    }
}

/// <summary>One run of a row on one server.</summary>
internal sealed record PlayedRow(int Pass, string Row, LoadRow Figures);
