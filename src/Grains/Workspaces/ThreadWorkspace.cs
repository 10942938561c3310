using System.ComponentModel;
using CliWrap.Exceptions;
using CodexOrleans.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>The folders of threads that were given no working directory, each a git repository of its own.</summary>
public sealed partial class ThreadWorkspace(DataDirectory data, IOptions<ThreadWorkspaceOptions> options, ILogger<ThreadWorkspace> logger) : IDisposable
{
    /// <summary>The program to ask.</summary>
    internal string Git { get; init; } = "git";

    private readonly SemaphoreSlim _asking = new(1, 1);
    private EmptyRepository? _empty;
    private bool _told;

    /// <summary>Whether every node sees the same folders.</summary>
    public bool IsShared => options.Value.Shared;

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
            var empty = _empty ?? await AskGit();
            // Out of sight of the CLI, should this process be killed meanwhile.
            empty.Write(repository, Path.Combine(data.EnsureUnfinishedWorkspaces(), $"{threadId}.git"));
        }
        catch (Exception e) when (e is Win32Exception or CommandExecutionException or IOException or UnauthorizedAccessException)
        {
            if (!Interlocked.Exchange(ref _told, true))
                LogNoRepository(e);
        }

        return (path, Directory.Exists(repository));
    }

    /// <summary>Whether the thread's own folder is here.</summary>
    public bool Exists(Guid threadId) => Directory.Exists(Path.Combine(data.Workspaces, threadId.ToString()));

    public void Dispose() => _asking.Dispose();

    /// <summary>Deletes the thread's own folder, if there is one.</summary>
    public void Remove(Guid threadId)
    {
        var path = Path.Combine(data.Workspaces, threadId.ToString());
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    /// <summary>Asked again as long as there is no answer: git may be installed later.</summary>
    private async Task<EmptyRepository> AskGit()
    {
        await _asking.WaitAsync();
        try
        {
            return _empty ??= await EmptyRepository.Make(Git, Path.Combine(data.EnsureScratch(), "empty-repository"));
        }
        finally
        {
            _asking.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A thread's own folder could not be made a git repository; the CLI runs there without one, and in those of later threads too. Install git.")]
    private partial void LogNoRepository(Exception exception);
}
