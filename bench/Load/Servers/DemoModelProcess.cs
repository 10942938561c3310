using System.Diagnostics;
using CodexOrleans.DemoModel;
using CodexOrleans.Load.Commands;

namespace CodexOrleans.Load.Servers;

/// <summary>The scripted model in a process of its own, and a CLI home that talks to it.</summary>
internal sealed class DemoModelProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _home;

    private DemoModelProcess(Process process, string baseUrl, string key)
    {
        _process = process;
        // Not in the temp folder: there the CLI refuses to set up its helpers, and says so.
        _home = Directory.CreateDirectory(Checkout.Path("artifacts", "bench", $"codex-home-{process.Id}")).FullName;
        File.WriteAllLines(
            Path.Combine(_home, "config.toml"),
            ["model = \"gpt-5.5\"", .. DemoProvider.Configuration(baseUrl).Select(setting => $"{setting.Key} = {setting.Value}")]);
        // HOME too: the CLI's shells would read the user's profile, which takes what time it takes.
        CodexEnvironment = new Dictionary<string, string> { ["CODEX_HOME"] = _home, ["HOME"] = _home, [DemoProvider.KeyVariable] = key };
    }

    /// <summary>Environment of a CLI that talks to the model.</summary>
    public IReadOnlyDictionary<string, string> CodexEnvironment { get; }

    public int Id => _process.Id;

    public static async Task<DemoModelProcess> Start(CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [DemoModelCommand.Name]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var baseUrl = await process.StandardOutput.ReadLineAsync(cancellationToken);
        var key = await process.StandardOutput.ReadLineAsync(cancellationToken);
        return key is null
            ? throw new InvalidOperationException("The scripted model ended at once; its message stands above.")
            : new DemoModelProcess(process, baseUrl!, key);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        try
        {
            Directory.Delete(_home, recursive: true);
        }
        catch (IOException)
        {
            // A CLI that was ended may still write its last words. The folder is build output; a clean removes it.
        }
    }
}
