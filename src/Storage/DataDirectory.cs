namespace CodexOrleans.Storage;

/// <summary>
/// The one folder a server keeps everything in: database, token, per-thread workspaces. Created with mode 0700, and held
/// by an exclusive lock for the process's lifetime so that two servers never share one.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const string WorkspacesName = "workspaces";

    private readonly bool _ownWorkspaces;
    private readonly FileStream _lock;

    private DataDirectory(string path, string? workspaces, FileStream lockFile)
    {
        Path = path;
        _ownWorkspaces = workspaces is null;
        Workspaces = workspaces ?? System.IO.Path.Combine(path, WorkspacesName);
        _lock = lockFile;
    }

    /// <summary>Absolute path, links resolved.</summary>
    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, "codex-orleans.db");

    public string TokenFile => System.IO.Path.Combine(Path, "token");

    /// <summary>Parent of the folders of threads that were given no working directory.</summary>
    public string Workspaces { get; }

    /// <summary>Files that live as long as a turn, such as output schemas.</summary>
    public string Scratch => System.IO.Path.Combine(Path, "scratch");

    /// <summary>Where the server keeps its data when nothing else is configured.</summary>
    /// <exception cref="StorageException">This user has no home directory.</exception>
    public static string DefaultPath =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder
            ? System.IO.Path.Combine(folder, "codex-orleans")
            : throw new StorageException(StorageFault.ReadOnly, "This user has no home directory for the server's data. Set HOME, or name a folder with --DataDirectory.");

    /// <summary>Creates the folder if needed and takes its lock.</summary>
    /// <param name="path">Where.</param>
    /// <param name="workspaces">Parent of the per-thread workspaces, which must exist; null keeps them in the data directory.</param>
    /// <exception cref="StorageException">It cannot be created or written, or another server holds it.</exception>
    public static DataDirectory Open(string path, string? workspaces = null)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new StorageException(StorageFault.ReadOnly, "DataDirectory is empty. Name a folder, or leave it out to have the server's data in this user's home directory.");
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path))
            throw new StorageException(StorageFault.ReadOnly, $"The data directory '{path}' is a file. Name a folder with --DataDirectory.");
        if (workspaces is not null)
        {
            if (!System.IO.Path.IsPathFullyQualified(workspaces) || !Directory.Exists(workspaces))
                throw new StorageException(StorageFault.ReadOnly, $"Workspaces:Folder is '{workspaces}': it must be the absolute path of a folder that exists. Is the volume mounted?");
            workspaces = new DirectoryInfo(workspaces).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? workspaces;
        }

        try
        {
            CreatePrivate(path);
            path = new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            // A folder that was there keeps its rights, so what is in it has rights of its own.
            if (workspaces is null)
                CreatePrivate(System.IO.Path.Combine(path, WorkspacesName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, "cannot be created", e);
        }

        var lockPath = System.IO.Path.Combine(path, "lock");
        try
        {
            return new DataDirectory(path, workspaces, new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (IsLocked(e))
        {
            throw new StorageException(StorageFault.Locked, $"The data directory '{path}' is in use by another server. Stop that server, or choose another folder with --DataDirectory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, "cannot be written", e);
        }
    }

    /// <summary>Makes the <see cref="Scratch"/> folder if it is not there; only this user may enter it.</summary>
    public string EnsureScratch()
    {
        CreatePrivate(Scratch);
        return Scratch;
    }

    /// <summary>A folder on the volume of <see cref="Workspaces"/>, for what is not to appear there before it is whole.</summary>
    public string EnsureUnfinishedWorkspaces()
    {
        if (_ownWorkspaces)
            return EnsureScratch();
        var folder = System.IO.Path.Combine(Workspaces, ".unfinished");
        CreatePrivate(folder);
        return folder;
    }

    public void Dispose() => _lock.Dispose();

    private static StorageException Unusable(string path, string how, Exception e) => FullDisk.IsCauseOf(e)
        ? new StorageException(StorageFault.DiskFull, $"The data directory '{path}' {how}: no space is left. Free some and start the server again.", e)
        : new StorageException(
            StorageFault.ReadOnly,
            $"The data directory '{path}' {how}: {e.Message.TrimEnd('.')}. Give this user write access to it, or choose another one with --DataDirectory.",
            e);

    /// <summary>Whether another process has the file's lock: EAGAIN, or Windows' sharing violation.</summary>
    private static bool IsLocked(Exception e) => e is IOException && e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
