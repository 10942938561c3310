namespace CodexOrleans.Load.Servers;

/// <summary>A folder of the run's own under the temporary folder. Gone when disposed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("codex-orleans-bench-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException e)
        {
            Console.Error.WriteLine($"'{Path}' could not be deleted: {e.Message}");
        }
    }
}
