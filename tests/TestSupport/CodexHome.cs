using CodexOrleans.DemoModel;

namespace CodexOrleans.TestSupport;

/// <summary>A CODEX_HOME of the test's own whose only provider is the scripted model. Gone when disposed.</summary>
public sealed class CodexHome : IDisposable
{
    private readonly DemoModelServer _model;

    /// <param name="model">The model that each CLI with this home talks to.</param>
    /// <param name="name">The model's name; null leaves the CLI's default.</param>
    /// <param name="moreConfig">Further TOML, such as tables of MCP servers.</param>
    public CodexHome(DemoModelServer model, string? name = "gpt-5.5", string moreConfig = "")
    {
        _model = model;
        // Not in the temp folder: there the CLI refuses to set up its helpers, and says so.
        Path = Directory.CreateDirectory(System.IO.Path.Combine(Repository.Root, "artifacts", "codex-homes", Guid.NewGuid().ToString("N"))).FullName;
        string[] config =
        [
            .. name is null ? [] : (string[])[$"model = \"{name}\""],
            "model_providers.demo.request_max_retries = 1",
            "model_providers.demo.stream_max_retries = 1",
            .. DemoProvider.Configuration(model.BaseUrl).Select(setting => $"{setting.Key} = {setting.Value}"),
            moreConfig,
        ];
        File.WriteAllLines(System.IO.Path.Combine(Path, "config.toml"), config);
    }

    public string Path { get; }

    /// <summary>All that a CLI with this home needs to see of the environment, the model's key included.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["CODEX_HOME"] = Path,
        ["HOME"] = Path,
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "",
        ["LANG"] = "C.UTF-8",
        [DemoProvider.KeyVariable] = _model.Key,
    };

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A CLI that a test has killed may still be writing its last words. The folder is build output; a clean removes it.
        }
    }
}
