using System.Diagnostics;

namespace CodexOrleans.Load.Servers;

/// <summary>How to start the servers that are compared.</summary>
/// <param name="Codex">The CLI that they run.</param>
/// <param name="Folder">Each gets a folder of its own in it.</param>
internal sealed record ServerKinds(string Codex, string Folder)
{
    public const string Ours = "ours";

    public static readonly string[] Names = [Ours, "seed-uvloop", "seed-asyncio"];

    /// <summary>Program of our server; the published one unless given.</summary>
    public string? OursExecutable { get; init; }

    /// <summary>Where our server keeps its data; a fresh folder unless given.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Environment of every server, for its CLI.</summary>
    public IReadOnlyDictionary<string, string> CodexEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>Further arguments of our server.</summary>
    public IReadOnlyList<string> OursArguments { get; init; } = [];

    /// <summary>CPU time that our server and its CLI processes share; null for no limit.</summary>
    public CpuQuota? Quota { get; init; }

    /// <summary>Home of the CLI that our server runs.</summary>
    public string CodexHome => CodexEnvironment.GetValueOrDefault("CODEX_HOME", Path.Combine(Folder, "codex-home"));

    public static bool IsSeed(string name) => name.StartsWith("seed-", StringComparison.Ordinal);

    public Task<ServerProcess> Start(string name, CancellationToken cancellationToken) =>
        ServerProcess.Start(name, port => IsSeed(name) ? Seed(name, port) : OurServer(port), cancellationToken);

    private ProcessStartInfo OurServer(int port)
    {
        var program = OursExecutable ?? Checkout.Path("artifacts", "publish", "WebFront", "release", "CodexOrleans.WebFront");
        if (!File.Exists(program))
            throw new InvalidOperationException($"There is no '{program}'. Publish it: dotnet publish src/WebFront -c Release");
        var data = DataDirectory ?? Path.Combine(Folder, "data");
        Directory.CreateDirectory(CodexHome);
        var start = new ProcessStartInfo(program, [$"--urls=http://127.0.0.1:{port}", $"--DataDirectory={data}", .. OursArguments])
        {
            WorkingDirectory = Folder,
        };
        start.Environment["Auth__Mode"] = "None";
        start.Environment["Codex__ExecutablePath"] = Codex;
        start.Environment["Codex__Home"] = CodexHome;
        start.Environment["Codex__MaxConcurrentTurns"] = "1000";
        foreach (var (variable, value) in CodexEnvironment.Where(variable => variable.Key != "CODEX_HOME"))
            start.Environment[$"Codex__Environment__{variable}"] = value;
        return Quota?.Confine(start) ?? start;
    }

    private ProcessStartInfo Seed(string name, int port)
    {
        var app = Checkout.Path("bench", "seed", "app.py");
        var start = new ProcessStartInfo("/usr/bin/python3", [app, "--port", $"{port}", "--loop", name["seed-".Length..]]) { WorkingDirectory = Folder };
        start.Environment["CODEX_PATH"] = Codex;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        foreach (var (variable, value) in CodexEnvironment)
            start.Environment[variable] = value;
        return start;
    }
}
