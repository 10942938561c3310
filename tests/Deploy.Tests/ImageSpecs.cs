using System.Diagnostics;
using System.Text.Json;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Deploy.Tests;

/// <summary>
/// What the Dockerfile does, done without a container engine: its build commands on the files that it copies, and its entry point and
/// health check with its environment, all in a folder instead of the root.
/// </summary>
public sealed class ImageSpecs : IDisposable
{
    private static readonly string[] _context = [".editorconfig", "Directory.Build.props", "Directory.Packages.props", "global.json", "src", "tools"];

    private static readonly Dictionary<string, string?> _noServers = new() { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" };

    private readonly Dockerfile _file = Dockerfile.Read();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 900_000)]
    public async Task What_the_build_stage_publishes_starts_answers_the_health_check_and_stops_on_SIGTERM()
    {
        Assert.Equal(_context, File.ReadLines(Dockerfile.File + ".dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..]));
        Directory.CreateDirectory(_folder["source"]);
        foreach (var name in _context)
            Copy(Path.Combine(Repository.Root, name), _folder[$"source/{name}"]);
        foreach (var publish in _file["build"].Instructions.Where(instruction => instruction.Word == "RUN" && instruction.Text.StartsWith("dotnet ", StringComparison.Ordinal)))
            await Shell(publish.Text, _folder["source"]);
        await LinkTheCli();

        // The silo's program is there too, and says what it misses.
        var silo = await ExternalCommand.Run(Command("silo")[0], Command("silo")[1..], environment: Environment("silo"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(silo.Output.Contains("set Storage:Provider to Postgres", StringComparison.Ordinal), silo.Output);
        Assert.Equal(1, silo.ExitCode);

        (await ExternalCommand.Run(Command("server")[0], [.. Command("server")[1..], "--migrate"], environment: Environment("server"), cancellationToken: TestContext.Current.CancellationToken)).Succeeded();
        Assert.True(File.Exists(_folder["home/data/codex-orleans.db"]));

        var start = new ProcessStartInfo(Command("server")[0], Command("server")[1..]) { WorkingDirectory = _folder["home"] };
        foreach (var (name, value) in Environment("server"))
            start.Environment[name] = value;
        using var server = Process.Start(start)!;
        try
        {
            await Condition.Becomes(IsHealthy);
            Assert.Equal(PinnedVersion, await VersionOfTheCli());

            using var stop = Process.Start("kill", ["-TERM", $"{server.Id}"]);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, server.ExitCode);
        }
        finally
        {
            if (!server.HasExited)
                server.Kill(entireProcessTree: true);
        }
    }

    private int Port { get; } = FreePorts.Next();

    private static string PinnedVersion => JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tools", "codex", "package.json")))
        .RootElement.GetProperty("dependencies").GetProperty("@openai/codex").GetString()!;

    /// <summary>A path or address of the image, as it is here.</summary>
    private string Here(string text) => text
        .Replace("/opt/codex", Path.Combine(Repository.Root, "tools", "codex"), StringComparison.Ordinal)
        .Replace("/usr/local/bin", _folder["bin"], StringComparison.Ordinal)
        .Replace("/app", _folder["app"], StringComparison.Ordinal)
        .Replace("/var/lib/codex-orleans", _folder["home"], StringComparison.Ordinal)
        .Replace("=/workspaces", $"={_folder["workspaces"]}", StringComparison.Ordinal)
        .Replace("0.0.0.0:8000", $"127.0.0.1:{Port}", StringComparison.Ordinal)
        .Replace("localhost:8000", $"127.0.0.1:{Port}", StringComparison.Ordinal);

    private string[] Command(string stage)
    {
        // In the image it is copied from where it was published to.
        var published = _file[stage].Instructions.Single(instruction => instruction.Word == "COPY" && instruction.Text.StartsWith("--from=build ", StringComparison.Ordinal)).Text.Split(' ');
        var words = JsonSerializer.Deserialize<string[]>(Here(_file.All(stage, "ENTRYPOINT").Last().Replace($"{published[2]}/", $"{published[1]}/", StringComparison.Ordinal)))!;
        return [ExternalTool.Find(words[0], words[0]), .. words[1..]];
    }

    private Dictionary<string, string?> Environment(string stage)
    {
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["workspaces"]);
        var environment = _file.Environment(stage).ToDictionary(setting => setting.Key, string? (setting) => Here($"={setting.Value}")[1..]);
        // Only the image's CLI is to be found.
        environment["PATH"] = $"{_folder["bin"]}:/usr/bin:/bin";
        environment["DOTNET_ROOT"] = System.Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        return environment;
    }

    private async Task LinkTheCli()
    {
        _ = RealCodex.Path;
        Directory.CreateDirectory(_folder["bin"]);
        await Shell(Here(_file.All("server", "RUN").Single(run => run.StartsWith("ln -s /opt/codex", StringComparison.Ordinal))), _folder.Path);
    }

    private async Task<bool> IsHealthy()
    {
        var check = _file.All("server", "HEALTHCHECK").Single();
        var words = JsonSerializer.Deserialize<string[]>(Here(check[(check.IndexOf("CMD ", StringComparison.Ordinal) + 4)..]))!;
        return (await ExternalCommand.Run(ExternalTool.Find(words[0], words[0]), words[1..], cancellationToken: TestContext.Current.CancellationToken)).ExitCode == 0;
    }

    private async Task<string?> VersionOfTheCli()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(_folder["home/data/token"], TestContext.Current.CancellationToken)).Trim());
        using var health = JsonDocument.Parse(await http.GetStringAsync("/health", TestContext.Current.CancellationToken));
        return health.RootElement.GetProperty("codex").GetProperty("version").GetString();
    }

    // Without the build's servers, which would outlive it and hold its output open.
    private async Task Shell(string command, string folder) =>
        (await ExternalCommand.Run("/bin/sh", ["-euc", Here(command)], folder, _noServers, TestContext.Current.CancellationToken)).Succeeded();

    /// <summary>As the ignore file has it: without what builds and installations have left.</summary>
    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var entry in Directory.EnumerateFileSystemEntries(from).Where(entry => Path.GetFileName(entry) is not ("node_modules" or "artifacts")))
            Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
    }
}
