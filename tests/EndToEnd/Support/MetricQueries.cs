using System.Text.Json;
using System.Text.RegularExpressions;
using CodexOrleans.TestSupport;
using CodexOrleans.TestSupport.Telemetry;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A PromQL expression of the files in <c>deploy</c>, taken apart as far as its names go.</summary>
/// <param name="Metrics">The series it reads, as Prometheus names them.</param>
/// <param name="Labels">The labels it looks at.</param>
public sealed partial record MetricQuery(string Expression, IReadOnlyList<string> Metrics, IReadOnlyList<string> Labels)
{
    // Of the collector and of Prometheus itself.
    private static readonly string[] _givenLabels = ["job", "instance", "le"];

    public static MetricQuery Parse(string expression)
    {
        var labels = Selector().Matches(expression).SelectMany(match => Label().Matches(match.Value).Select(label => label.Groups[1].Value))
            .Concat(Grouping().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
            .Except(_givenLabels).Distinct().ToList();
        var bare = Grouping().Replace(Range().Replace(Selector().Replace(expression, " "), " "), " ");
        return new MetricQuery(expression, [.. Name().Matches(bare).Select(match => match.Value).Distinct()], labels);
    }

    /// <summary>Asserts that each name is one that was exported.</summary>
    public void AssertIsAnsweredBy(IReadOnlyCollection<OtlpPoint> points)
    {
        Assert.NotEmpty(Metrics);
        var asked = points.Where(point => Metrics.Any(metric => SeriesOf(point).Contains(metric))).ToList();
        foreach (var metric in Metrics)
            Assert.True(asked.Any(point => SeriesOf(point).Contains(metric)), $"Nothing is exported that becomes '{metric}': {Expression}");
        foreach (var label in Labels)
            Assert.True(asked.Any(point => point.Attributes.Keys.Any(key => key.Replace('.', '_') == label)), $"No attribute becomes '{label}': {Expression}");
    }

    /// <summary>What a meter is called when it has come to Prometheus: by OpenTelemetry's rules, with unit and kind as suffixes.</summary>
    private static IReadOnlyList<string> SeriesOf(OtlpPoint point)
    {
        var unit = point.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = point.Metric.Replace('.', '_') + unit;
        return point.Kind switch
        {
            OtlpMetricKind.Counter => [$"{name}_total"],
            OtlpMetricKind.Histogram => [$"{name}_bucket", $"{name}_count", $"{name}_sum"],
            _ => [name],
        };
    }

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(?:by|without)\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    // A word that no function call begins with.
    [GeneratedRegex(@"\b[a-z][a-z0-9_]*_[a-z0-9_]+\b(?!\s*\()")]
    private static partial Regex Name();
}

/// <summary>The files that tell a monitoring system what to show and when to call somebody.</summary>
public static partial class MetricQueries
{
    private static readonly string[] _panelTypes = ["row", "stat", "timeseries"];

    public static IEnumerable<MetricQuery> OfTheDashboard() => Panels()
        .SelectMany(panel => panel.TryGetProperty("targets", out var targets) ? [.. targets.EnumerateArray()] : Array.Empty<JsonElement>())
        .Select(target => MetricQuery.Parse(target.GetProperty("expr").GetString()!));

    public static IEnumerable<MetricQuery> OfTheAlerts()
    {
        var rules = Expression().Matches(Read("deploy/prometheus/alerts.yml")).Select(match => MetricQuery.Parse(match.Groups[1].Value)).ToList();
        Assert.True(rules.Count > 10);
        return rules;
    }

    /// <summary>The meters that the documentation lists, each with its unit.</summary>
    public static IReadOnlyList<string> DocumentedMeters() =>
        [.. DocumentedMeter().Matches(Read("docs/monitoring.md")).Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}")];

    /// <summary>Asserts what Grafana's schema asks of a dashboard and its panels.</summary>
    public static void AssertDashboardIsWellFormed()
    {
        using var dashboard = JsonDocument.Parse(Read("deploy/grafana/codex-orleans.json"));
        var root = dashboard.RootElement;
        Assert.Equal("codex-orleans", root.GetProperty("uid").GetString());
        Assert.NotEmpty(root.GetProperty("title").GetString()!);
        Assert.True(root.GetProperty("schemaVersion").GetInt32() >= 36);
        var variables = root.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => variable.GetProperty("name").GetString()!).ToList();

        var ids = new HashSet<int>();
        var taken = new HashSet<(int X, int Y)>();
        foreach (var panel in Panels())
        {
            Assert.True(ids.Add(panel.GetProperty("id").GetInt32()));
            Assert.Contains(panel.GetProperty("type").GetString(), _panelTypes);
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
            var place = panel.GetProperty("gridPos");
            var (x, y, w, h) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32(), place.GetProperty("w").GetInt32(), place.GetProperty("h").GetInt32());
            Assert.InRange(x + w, 1, 24);
            for (var column = x; column < x + w; column++)
            {
                for (var line = y; line < y + h; line++)
                    Assert.True(taken.Add((column, line)), $"Panels overlap: {panel.GetProperty("title")}");
            }

            if (!panel.TryGetProperty("targets", out var targets))
                continue;
            Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
            var references = targets.EnumerateArray().Select(target => target.GetProperty("refId").GetString()).ToList();
            Assert.Equal(references.Distinct(), references);
            foreach (var used in targets.EnumerateArray().SelectMany(target => Variable().Matches(target.GetProperty("expr").GetString()!)).Select(match => match.Groups[1].Value))
                Assert.True(used == "__rate_interval" || variables.Contains(used), $"There is no variable '{used}'.");
        }
    }

    private static JsonElement.ArrayEnumerator Panels()
    {
        var dashboard = JsonDocument.Parse(Read("deploy/grafana/codex-orleans.json"));
        return dashboard.RootElement.GetProperty("panels").EnumerateArray();
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex(@"^ +expr: (?:\|\n)?((?:.+\n)(?: {10,}.+\n)*)", RegexOptions.Multiline)]
    private static partial Regex Expression();

    [GeneratedRegex(@"^\| `(codex\.[a-z_.]+)` \| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedMeter();

    [GeneratedRegex(@"\$\{?(\w+)")]
    private static partial Regex Variable();
}
