using CliWrap;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>
/// The files of an empty git repository. git makes them once, and each thread gets a copy without starting a process. They follow git's
/// configuration on this machine (such as the name of the first branch), without git's sample files.
/// </summary>
internal sealed class EmptyRepository
{
    private readonly List<string> _folders = [];
    private readonly List<(string Path, byte[] Content)> _files = [];

    private EmptyRepository(string repository)
    {
        foreach (var entry in new DirectoryInfo(repository).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(repository, entry.FullName);
            if (entry is not DirectoryInfo folder)
                _files.Add((path, File.ReadAllBytes(entry.FullName)));
            // Empty folders below the first level are left out: git makes them when needed, and each costs more than a file.
            else if (path == folder.Name || folder.EnumerateFileSystemInfos().Any())
                _folders.Add(path);
        }
    }

    /// <summary>Runs <c>git init</c> and reads what it made.</summary>
    /// <param name="git">The program.</param>
    /// <param name="folder">A folder to make and delete again.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">git cannot be started.</exception>
    /// <exception cref="CliWrap.Exceptions.CommandExecutionException">git refuses.</exception>
    public static async Task<EmptyRepository> Make(string git, string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            await Cli.Wrap(git).WithArguments(["init", "--quiet", "--template=", folder]).ExecuteAsync();
            return new EmptyRepository(Path.Combine(folder, ".git"));
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Makes <paramref name="repository"/>, a thread's <c>.git</c>, which must not exist.</summary>
    /// <param name="folder">
    /// A folder on the same volume to write to first: a move then makes the repository appear whole or not at all.
    /// </param>
    public void Write(string repository, string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var path in _folders)
                Directory.CreateDirectory(Path.Combine(folder, path));
            foreach (var (path, content) in _files)
                File.WriteAllBytes(Path.Combine(folder, path), content);
            Directory.Move(folder, repository);
        }
        catch
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            throw;
        }
    }
}
