using System.CommandLine;
using CodexOrleans.Load.Failover;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Commands;

/// <summary><c>failover</c>: kill -9 of one of three nodes, again and again, and how long what takes.</summary>
internal static class FailoverCommand
{
    public static Command Create()
    {
        var kills = new Option<int>("--kills") { Description = "Nodes killed, one after the other.", DefaultValueFactory = _ => 12 };
        var turns = new Option<int>("--turns") { Description = "Turns that run on each node, 20 events a second each.", DefaultValueFactory = _ => 6 };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var arguments = new Option<string[]>("--argument") { Description = "A further argument of our server, such as --Logging:LogLevel:Orleans=Debug; several times for several.", DefaultValueFactory = _ => [] };
        var command = new Command("failover", "Kill nodes of a cluster and measure how long calls, ends and streams take.") { kills, turns, executable, arguments };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var folder = new TemporaryFolder();
            var workspace = Directory.CreateDirectory(Path.Combine(folder.Path, "workspace")).FullName;
            var kinds = new ServerKinds(FakeCli.Build(), folder.Path)
            {
                OursExecutable = parsed.GetValue(executable)?.FullName,
                OursArguments = parsed.GetValue(arguments)!,
            };
            var figures = new FailoverFigures();
            await using var cluster = await FailoverCluster.Start(kinds, cancellationToken);
            for (var kill = 0; kill < parsed.GetValue(kills); kill++)
            {
                await new FailoverRound(cluster, kill % FailoverCluster.Count, parsed.GetValue(turns), workspace, figures).Play(cancellationToken);
                Console.WriteLine($"kill {kill + 1} of {parsed.GetValue(kills)}");
            }

            Console.Write(figures);
        });
        return command;
    }
}
