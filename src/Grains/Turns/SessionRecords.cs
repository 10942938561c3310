using CodexOrleans.Codex.Accounts;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Brings the CLI's record of a thread's session to the node that runs its next turn. In a cluster the record is stored in the database at
/// the end of each turn, and written to disk before the next turn on another node.
/// </summary>
public sealed partial class SessionRecords(
    CodexAccount account, IThreadReader reader, ISessionArchive archive, ILogger<SessionRecords> logger)
{
    /// <summary>Whether a thread may have run on another node before, which is so in a cluster.</summary>
    public bool ThreadsMove => archive.IsShared;

    /// <summary>
    /// Ensures that the CLI's record is on this node and includes the turn before <paramref name="turnId"/>; false when that is impossible.
    /// </summary>
    public async ValueTask<bool> Restore(Guid threadId, string codexThreadId, Guid turnId)
    {
        try
        {
            return await archive.Find(threadId) is { } kept && kept.CodexThreadId == codexThreadId
                ? await Restore(kept, threadId, turnId)
                : account.Sessions.CanResume(codexThreadId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException)
        {
            LogNotRestored(threadId, e);
            return false;
        }
    }

    private async ValueTask<bool> Restore(ArchivedSession kept, Guid threadId, Guid turnId)
    {
        var file = Path.Combine(account.Sessions.Folder, kept.Path);
        var here = new FileInfo(file) is { Exists: true } info ? info.Length : 0;
        // A longer local record has the last turn, which ran here and could not be stored.
        if (here > kept.Length)
            return true;
        if (kept.TurnId != await PreviousTurn(threadId, turnId))
            return false;
        if (here == kept.Length)
            return true;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = $"{file}.{turnId}";
        await using (var stream = new FileStream(unfinished, PrivateFile()))
            await archive.CopyTo(threadId, stream);
        File.Move(unfinished, file, overwrite: true);
        return true;
    }

    /// <summary>Stores the CLI's record after a turn. Never throws, because the turn's end is already on disk.</summary>
    public async Task Keep(Guid threadId, string? codexThreadId, Guid turnId)
    {
        if (!archive.IsShared || codexThreadId is null)
            return;
        try
        {
            if (account.Sessions.Find(codexThreadId) is not { } path)
                return;
            await using var record = new FileStream(
                Path.Combine(account.Sessions.Folder, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await archive.Keep(threadId, codexThreadId, turnId, path, record);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException)
        {
            LogNotKept(threadId, e);
        }
    }

    private static FileStreamOptions PrivateFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private async ValueTask<Guid?> PreviousTurn(Guid threadId, Guid turnId)
    {
        foreach (var turn in await reader.ReadTurns(threadId, 2))
        {
            if (turn.Id != turnId)
                return turn.Id;
        }

        return null;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Thread {ThreadId}: the CLI's record of its session could not be brought here; the CLI is told the history instead.")]
    private partial void LogNotRestored(Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Thread {ThreadId}: the CLI's record of its session could not be kept; on another node the CLI would be told the "
            + "history instead.")]
    private partial void LogNotKept(Guid threadId, Exception exception);
}
