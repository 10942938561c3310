using System.ComponentModel;
using CliWrap.Exceptions;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>The folders of threads without a working directory, each a git repository of its own.</summary>
public sealed partial class ThreadWorkspace(DataDirectory data, IOptions<ThreadWorkspaceOptions> options, ILogger<ThreadWorkspace> logger)
    : IDisposable
{
    /// <summary>The git program.</summary>
    internal string Git { get; init; } = "git";

    private readonly SemaphoreSlim _making = new(1, 1);
    private EmptyRepository? _empty;
    private readonly HashSet<string> _logged = [];

    /// <summary>Whether every node sees the same folders.</summary>
    public bool IsShared => options.Value.Shared;

    /// <summary>The thread's own folder, made at its first turn.</summary>
    /// <returns>The path, and whether it is a git repository (git may be missing on this machine).</returns>
    /// <exception cref="IOException">The folder cannot be made, such as on a full disk; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for lack of rights.</exception>
    public async ValueTask<(string Path, bool IsRepository)> Ensure(Guid threadId)
    {
        var path = Path.Combine(data.Workspaces, threadId.ToString());
        var repository = Path.Combine(path, ".git");
        if (Directory.Exists(repository))
            return (path, true);
        Directory.CreateDirectory(path);
        try
        {
            var empty = _empty ?? await MakeEmpty();
            // The repository is written outside of the workspace, so that the CLI never sees half of it after a kill of this process.
            empty.Write(repository, Path.Combine(data.EnsureUnfinishedWorkspaces(), $"{threadId}.git"));
        }
        catch (Exception e) when (e is Win32Exception or CommandExecutionException or IOException or UnauthorizedAccessException)
        {
            LogOnce(e);
        }

        return (path, Directory.Exists(repository));
    }

    /// <summary>Whether a link is in the place of the thread's own folder: a turn has put it there, and it may lead anywhere.</summary>
    public bool IsReplaced(Guid threadId) => new FileInfo(Path.Combine(data.Workspaces, threadId.ToString())).LinkTarget is not null;

    /// <summary>Whether the thread's own folder is here.</summary>
    public bool Exists(Guid threadId) => Directory.Exists(Path.Combine(data.Workspaces, threadId.ToString()));

    public void Dispose() => _making.Dispose();

    /// <summary>Deletes the thread's own folder, if there is one.</summary>
    public void Remove(Guid threadId)
    {
        var path = Path.Combine(data.Workspaces, threadId.ToString());
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    /// <summary>Runs git again after a failure, because it may be installed later.</summary>
    private async Task<EmptyRepository> MakeEmpty()
    {
        await _making.WaitAsync();
        try
        {
            return _empty ??= await EmptyRepository.Make(Git, Path.Combine(data.EnsureScratch(), "empty-repository"));
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Logs each cause once, because it affects every later thread too until the operator mends it.</summary>
    private void LogOnce(Exception exception)
    {
        lock (_logged)
        {
            if (!_logged.Add(exception.GetType().Name))
                return;
        }

        if (exception is Win32Exception)
            LogNoGit(Git, exception);
        else if (exception is CommandExecutionException)
            LogGitRefused(Git, exception);
        else
            LogRepositoryNotWritten(exception);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "'{Git}' cannot be started, so threads' own folders are no git repositories; the CLI runs there without one. Install "
            + "git.")]
    private partial void LogNoGit(string git, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "'{Git} init' fails, so threads' own folders are no git repositories; the CLI runs there without one. Run it by hand "
            + "to see why, as the server's user.")]
    private partial void LogGitRefused(string git, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The git repository of a thread's own folder cannot be written; the CLI runs there without one. Is the disk of the "
            + "data directory full (df, and df -i), or read-only?")]
    private partial void LogRepositoryNotWritten(Exception exception);
}
