using CliWrap;
using CodexOrleans.Storage;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>The folders of threads that were given no working directory, each a git repository of its own.</summary>
public sealed partial class ThreadWorkspace(DataDirectory data, ILogger<ThreadWorkspace> logger)
{
    /// <summary>The thread's own folder, made at its first turn.</summary>
    /// <returns>The path, and whether it is a git repository (git may be missing on this machine).</returns>
    public async ValueTask<(string Path, bool IsRepository)> Ensure(Guid threadId)
    {
        var path = Path.Combine(data.Workspaces, threadId.ToString());
        var repository = Path.Combine(path, ".git");
        if (Directory.Exists(repository))
            return (path, true);
        Directory.CreateDirectory(path);
        try
        {
            await Cli.Wrap("git").WithArguments(["init", "--quiet", path]).ExecuteAsync();
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or CliWrap.Exceptions.CommandExecutionException)
        {
            LogNoRepository(e);
        }

        return (path, Directory.Exists(repository));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A thread's own folder could not be made a git repository; the CLI runs there without one. Install git.")]
    private partial void LogNoRepository(Exception exception);
}
