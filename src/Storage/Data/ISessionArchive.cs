namespace CodexOrleans.Storage.Data;

/// <summary>The CLI's own records of its sessions as all nodes of a cluster have them, one for each thread.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be used.</remarks>
public interface ISessionArchive
{
    /// <summary>Whether threads move between nodes. If not, nothing is kept: each record is where the CLI has written it.</summary>
    bool IsShared { get; }

    /// <summary>Keeps what a record has grown by since it was kept last; all of it when it is another one.</summary>
    /// <param name="turnId">
    /// The last turn that is in it. Nothing is kept if the log has no such turn, or a later one's record is kept.
    /// </param>
    /// <param name="path">Its file, relative to the CLI's folder of records.</param>
    /// <param name="record">The file. A <see cref="StorageException"/> also says that it cannot be read; nothing is kept then.</param>
    Task Keep(Guid threadId, string codexThreadId, Guid turnId, string path, Stream record);

    /// <summary>What is kept of a thread's session, or null.</summary>
    Task<ArchivedSession?> Find(Guid threadId);

    /// <summary>Writes the whole record to <paramref name="destination"/>.</summary>
    /// <exception cref="IOException">It cannot be written there.</exception>
    Task CopyTo(Guid threadId, Stream destination);
}

/// <summary>A kept record.</summary>
/// <param name="CodexThreadId">The CLI's id of the session.</param>
/// <param name="Path">The file, relative to the CLI's folder of records.</param>
/// <param name="Length">Bytes.</param>
/// <param name="TurnId">The last turn that is in it.</param>
public sealed record ArchivedSession(string CodexThreadId, string Path, long Length, Guid TurnId);

/// <summary>Keeps nothing: this process is the whole cluster.</summary>
internal sealed class LocalSessions : ISessionArchive
{
    public bool IsShared => false;

    public Task Keep(Guid threadId, string codexThreadId, Guid turnId, string path, Stream record) => Task.CompletedTask;

    public Task<ArchivedSession?> Find(Guid threadId) => Task.FromResult<ArchivedSession?>(null);

    public Task CopyTo(Guid threadId, Stream destination) => Task.CompletedTask;
}
