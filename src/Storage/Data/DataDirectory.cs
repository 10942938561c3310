using System.Runtime.Versioning;

namespace CodexOrleans.Storage.Data;

/// <summary>
/// The one folder a server keeps everything in: database, token, per-thread workspaces. Only its owner can enter it and read what is in it,
/// and it is held by an exclusive lock for the process's lifetime so that two servers never share one.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const string WorkspacesName = "workspaces";
    private const string DemoHomeName = "codex-home";
    private const string DatabaseName = "codex-orleans.db";

    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    // All that a server makes in it, and the CLI's home of --demo.
    private static readonly string[] _names =
    [
        WorkspacesName, DatabaseName, $"{DatabaseName}-wal", $"{DatabaseName}-shm", "token", "lock", InstallationId.FileName, "scratch",
        DemoHomeName,
    ];

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

    public string Database => System.IO.Path.Combine(Path, DatabaseName);

    public string TokenFile => System.IO.Path.Combine(Path, "token");

    /// <summary>Parent of the folders of threads that were given no working directory.</summary>
    public string Workspaces { get; }

    /// <summary>Files that live as long as a turn, such as output schemas.</summary>
    public string Scratch => System.IO.Path.Combine(Path, "scratch");

    /// <summary>Where the server keeps its data when nothing else is configured.</summary>
    /// <exception cref="StorageException">This user has no home directory.</exception>
    public static string DefaultPath =>
        Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder
            ? System.IO.Path.Combine(folder, "codex-orleans")
            : throw new StorageException(StorageFault.ReadOnly, "This user has no home directory for the server's data. " +
                "Set HOME, or name a folder with --DataDirectory.");

    /// <summary>Creates the folder if needed and takes its lock.</summary>
    /// <param name="path">Where.</param>
    /// <param name="workspaces">Parent of the per-thread workspaces, which must exist; null keeps them in the data directory.</param>
    /// <exception cref="StorageException">It cannot be created or written, or another server holds it.</exception>
    public static DataDirectory Open(string path, string? workspaces = null)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new StorageException(StorageFault.ReadOnly, "DataDirectory is empty. " +
                "Name a folder, or leave it out to have the server's data in this user's home directory.");
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path))
            throw new StorageException(StorageFault.ReadOnly, $"The data directory '{path}' is a file. " +
                "Name a folder with --DataDirectory.");
        if (workspaces is not null)
        {
            if (!System.IO.Path.IsPathFullyQualified(workspaces) || !Directory.Exists(workspaces))
                throw new StorageException(StorageFault.ReadOnly, $"Workspaces:Folder is '{workspaces}': " +
                    "it must be the absolute path of a folder that exists. Is the volume mounted?");
            workspaces = new DirectoryInfo(workspaces).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? workspaces;
        }

        try
        {
            CreatePrivate(path);
            path = new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            if (workspaces is null)
                CreatePrivate(System.IO.Path.Combine(path, WorkspacesName));
            if (!OperatingSystem.IsWindows())
                Close(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, "cannot be created", e);
        }

        var lockPath = System.IO.Path.Combine(path, "lock");
        try
        {
            return new DataDirectory(path, workspaces, OpenPrivate(lockPath, FileMode.OpenOrCreate, FileShare.None));
        }
        catch (Exception e) when (IsLocked(e))
        {
            throw new StorageException(StorageFault.Locked, $"The data directory '{path}' is in use by another server. " +
                "Stop that server, or choose another folder with --DataDirectory.", e);
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

    /// <summary>Makes the CLI's home of <c>--demo</c> if it is not there; only this user may enter it.</summary>
    public void EnsureDemoHome() => CreatePrivate(System.IO.Path.Combine(Path, DemoHomeName));

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
        ? new StorageException(StorageFault.DiskFull, $"The data directory '{path}' {how}: no space is left. " +
            "Free some and start the server again.", e)
        : new StorageException(
            StorageFault.ReadOnly,
            $"The data directory '{path}' {how}: {e.Message.TrimEnd('.')}. " +
                "Give this user write access to it, or choose another one with --DataDirectory.",
            e);

    /// <summary>Whether another process has the file's lock: EAGAIN, or Windows' sharing violation.</summary>
    private static bool IsLocked(Exception e) => e is IOException && e.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>Opens a file to write to; one that this makes only its owner can read.</summary>
    internal static FileStream OpenPrivate(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnFile;
        return new FileStream(path, options);
    }

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnFolder);
    }

    /// <summary>
    /// Closes to others what was made with wider rights, such as by an earlier version, a restore or an installer. The folder itself is
    /// left as it is if something else is in it: it may be one that others need.
    /// </summary>
    [UnsupportedOSPlatform("windows")]
    private static void Close(string path)
    {
        var entries = new DirectoryInfo(path).GetFileSystemInfos();
        foreach (var entry in entries.Where(entry => entry.LinkTarget is null && _names.Contains(entry.Name, StringComparer.Ordinal)))
            Close(entry);
        if (entries.All(entry => _names.Contains(entry.Name, StringComparer.Ordinal)))
            Close(new DirectoryInfo(path));
    }

    [UnsupportedOSPlatform("windows")]
    private static void Close(FileSystemInfo entry)
    {
        // The token's file closes its reader, who says that others may know the token.
        if ((entry.UnixFileMode & ~OwnFolder) == 0 || entry.Name == "token")
            return;
        try
        {
            entry.UnixFileMode &= OwnFolder;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // The folder of a mounted volume is often somebody else's; what this server makes in it is its own.
        }
    }
}
