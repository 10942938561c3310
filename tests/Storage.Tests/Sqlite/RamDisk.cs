using System.Diagnostics;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>A real file system of a few KiB, that can be full or read-only. Needs Linux and root, as continuous integration has.</summary>
internal sealed class RamDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RamDisk(int kibibytes)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") is null, "Mounts a small file system: run the tests as root on Linux.");
            Assert.Fail("In continuous integration this test must run: as root on Linux.");
        }

        Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k,mode=0700", "tmpfs", Path);
    }

    public string Path => _folder.Path;

    /// <summary>Takes all the space that is left.</summary>
    /// <param name="but">Bytes that are to be free all the same.</param>
    public void Fill(int but = 0)
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
                ballast.Write(page);
        }
        catch (IOException)
        {
            // It is full, as wanted.
        }

        ballast.SetLength(ballast.Length - but);
    }

    public void Free() => File.Delete(Ballast);

    public void Resize(int kibibytes) => Run("mount", "-o", $"remount,size={kibibytes}k", Path);

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void MakeWritable() => Run("mount", "-o", "remount,rw", Path);

    public void Dispose()
    {
        Run("umount", Path);
        _folder.Dispose();
    }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error}");
    }
}
