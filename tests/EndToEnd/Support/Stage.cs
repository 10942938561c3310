using CodexOrleans.DemoModel;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A scripted model, a CODEX_HOME that talks to it, a data directory and a workspace: all that a server needs, and what outlives it.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Stage(DemoModelServer model, string moreConfig)
    {
        Model = model;
        Home = new CodexHome(model, moreConfig: moreConfig);
        DataDirectory = Directory.CreateDirectory(_folder["data"]).FullName;
        Workspace = Directory.CreateDirectory(_folder["workspace"]).FullName;
        Settings = new()
        {
            ["Codex:ExecutablePath"] = RealCodex.Path,
            ["Codex:Home"] = Home.Path,
        };
        // The same environment as a direct run's, so that both do the same: a shell reads its user's profile.
        foreach (var (name, value) in Home.Environment)
            Settings[$"Codex:Environment:{name}"] = value;
    }

    public DemoModelServer Model { get; }

    public CodexHome Home { get; }

    public string DataDirectory { get; }

    /// <summary>A folder that a request may name as its working directory; no git repository.</summary>
    public string Workspace { get; }

    /// <summary>Configuration of a server on this stage.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <param name="moreConfig">Further TOML for the CLI's configuration.</param>
    public static async Task<Stage> Open(string moreConfig = "") => new(await DemoModelServer.Start(), moreConfig);

    /// <summary>Starts a server on this stage's data.</summary>
    public Task<ServerProcess> StartServer() => ServerProcess.Start(DataDirectory, Settings);

    /// <summary>A folder of a test's own beside the workspace.</summary>
    public string NewFolder() => Directory.CreateDirectory(_folder[Path.GetRandomFileName()]).FullName;

    public async ValueTask DisposeAsync()
    {
        await Model.DisposeAsync();
        Home.Dispose();
        _folder.Dispose();
    }
}
