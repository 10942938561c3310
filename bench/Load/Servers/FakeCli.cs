using System.Diagnostics;

namespace CodexOrleans.Load.Servers;

/// <summary>The fake CLI, compiled when its source is newer.</summary>
internal static class FakeCli
{
    /// <summary>Path of the built program.</summary>
    /// <exception cref="InvalidOperationException">It cannot be built.</exception>
    public static string Build()
    {
        var source = Checkout.Path("bench", "fake-codex", "fake_codex.c");
        var binary = Checkout.Path("artifacts", "bench", "codex");
        if (!File.Exists(source))
            throw new InvalidOperationException($"The fake CLI's source '{source}' is missing. Get it from version control.");
        if (File.Exists(binary) && File.GetLastWriteTimeUtc(binary) >= File.GetLastWriteTimeUtc(source))
            return binary;

        Directory.CreateDirectory(Path.GetDirectoryName(binary)!);
        try
        {
            using var compiler = Process.Start(new ProcessStartInfo("cc", ["-O2", "-static", "-o", binary, source]) { RedirectStandardError = true })!;
            var said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? binary : throw new InvalidOperationException($"The fake CLI does not compile:\n{said}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("The fake CLI needs a C compiler named 'cc' (apt install gcc libc6-dev).", e);
        }
    }
}
