using System.CommandLine;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Commands;

/// <summary><c>real</c>: the comparison with the real CLI and the scripted model, the same for both.</summary>
internal static class RealCommand
{
    public static Command Create()
    {
        var prompt = new Option<string>("--prompt") { Description = "What the scripted model is asked.", DefaultValueFactory = _ => "SCENARIO:plain" };
        var clients = new Option<int[]>("--clients") { Description = "Clients at once, one row each.", DefaultValueFactory = _ => [1, 8], AllowMultipleArgumentsPerToken = true };
        var turns = new Option<int>("--turns-per-client") { Description = "Turns of each client.", DefaultValueFactory = _ => 5 };
        var runs = new Option<int>("--runs") { Description = "Warm runs of each row; the medians count.", DefaultValueFactory = _ => 3 };
        var servers = new Option<string>("--servers") { Description = "Which servers, of: " + string.Join(",", ServerKinds.Names), DefaultValueFactory = _ => string.Join(",", ServerKinds.Names) };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write everything to this file." };
        var command = new Command("real", "Compare our server with the seed on the real CLI and the scripted model.") { prompt, clients, turns, runs, servers, executable, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var codex = Checkout.Path("tools", "codex", "node_modules", ".bin", "codex");
            if (!File.Exists(codex))
                throw new InvalidOperationException($"There is no '{codex}'. Run 'npm ci' in tools/codex, or build src/WebFront.");
            using var model = await DemoModelProcess.Start(cancellationToken);
            using var folder = new TemporaryFolder();
            var kinds = new ServerKinds(codex, folder.Path) { OursExecutable = parsed.GetValue(executable)?.FullName, CodexEnvironment = model.CodexEnvironment };
            await using var fleet = await Fleet.Start(kinds, CompareCommand.ServerNames(parsed.GetValue(servers)!), cancellationToken);
            var rows = parsed.GetValue(clients)!.Select(count => CompareRow.Real(count, parsed.GetValue(turns), parsed.GetValue(prompt)!)).ToArray();
            return await CompareCommand.Play(new Comparison(rows, fleet.Servers, model.Id), parsed.GetValue(runs), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }
}
