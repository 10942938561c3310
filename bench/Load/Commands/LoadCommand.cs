using System.CommandLine;
using System.Text.Json.Nodes;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary><c>load</c>: one scenario against a server that runs already.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var url = new Option<string>("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:8000" };
        url.Validators.Add(value =>
        {
            if (!Uri.TryCreate(value.GetValueOrDefault<string>(), UriKind.Absolute, out var given) || given.Scheme != "http")
                value.AddError("--url wants an http address such as http://127.0.0.1:8000.");
        });
        var process = new Option<int?>("--pid") { Description = "The server's process, to measure CPU and memory; without it they are not." };
        var token = new Option<string?>("--token") { Description = "Bearer token." };
        var tokenFile = new Option<FileInfo?>("--token-file") { Description = "File with the bearer token." };
        var name = new Option<string>("--scenario") { Description = "The shape of the load.", DefaultValueFactory = _ => "steady" };
        name.AcceptOnlyFromAmong(Scenario.Names);
        var turns = new Option<int?>("--turns", "--clients") { Description = "Clients at once, each with one turn at a time." };
        var each = new Option<int?>("--turns-per-client") { Description = "Turns of each client one after another; lifts the limit of time." };
        var events = new Option<int?>("--events") { Description = "Events per turn." };
        var bytes = new Option<int?>("--bytes") { Description = "Bytes per event." };
        var every = new Option<int?>("--every-us") { Description = "Microseconds between two events; 0 writes all at once." };
        var spread = new Option<double?>("--spread-ms") { Description = "Milliseconds between the first turns of two clients." };
        var seconds = new Option<double?>("--seconds") { Description = "Start no turn after so many seconds." };
        var prompt = new Option<string?>("--prompt") { Description = "The prompt, for another CLI than the fake one; its events are not numbered then." };
        var body = new Option<string?>("--body") { Description = "Further members of the request's body, a JSON object." };
        var patience = new Option<double>("--patience") { Description = "Give up after so many seconds of silence.", DefaultValueFactory = _ => 60 };
        var repeat = new Option<int>("--repeat") { Description = "Runs, one row each.", DefaultValueFactory = _ => 1 };
        var label = new Option<string>("--label") { Description = "Name of the server in the results.", DefaultValueFactory = _ => "server" };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the rows to this file." };

        var command = new Command("load", "Play one scenario against a running server.")
        {
            url, process, token, tokenFile, name, turns, each, events, bytes, every, spread, seconds, prompt, body, patience, repeat, label, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var scenario = Scenario.Named(parsed.GetValue(name)!)!;
            scenario = scenario with
            {
                Clients = parsed.GetValue(turns) ?? scenario.Clients,
                Events = parsed.GetValue(events) ?? scenario.Events,
                Bytes = parsed.GetValue(bytes) ?? scenario.Bytes,
                EveryMicroseconds = parsed.GetValue(every) ?? scenario.EveryMicroseconds,
                Spread = parsed.GetValue(spread) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : scenario.Spread,
                Prompt = parsed.GetValue(prompt),
                Body = parsed.GetValue(body) is { } text ? JsonNode.Parse(text)!.AsObject() : null,
                Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)),
            };
            if (parsed.GetValue(each) is { } count)
                scenario = scenario with { TurnsPerClient = count, Duration = null };
            if (parsed.GetValue(seconds) is { } limit)
                scenario = scenario with { TurnsPerClient = parsed.GetValue(each), Duration = TimeSpan.FromSeconds(limit) };

            var secret = parsed.GetValue(token) ?? (parsed.GetValue(tokenFile) is { } file ? File.ReadAllText(file.FullName).Trim() : null);
            var target = new LoadTarget(parsed.GetValue(label)!, LoadTarget.EndpointOf(new Uri(parsed.GetValue(url)!)), parsed.GetValue(process), secret);
            var rows = new List<LoadRow>();
            for (var run = 0; run < parsed.GetValue(repeat); run++)
                rows.Add(target.Play(scenario, cancellationToken));
            Console.Write(LoadReport.Table(rows));
            LoadReport.WriteJson(parsed.GetValue(json), rows);
            return Task.FromResult(LoadReport.Faults(rows));
        });
        return command;
    }
}
