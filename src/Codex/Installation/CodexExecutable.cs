using System.Runtime.InteropServices;

namespace CodexOrleans.Codex.Installation;

/// <summary>
/// Finds the CLI's native binary. npm puts a Node script on PATH that starts it, which doubles the start time, and after a kill -9 of the
/// script the CLI lives on.
/// </summary>
public static class CodexExecutable
{
    private static readonly string _nativeName = OperatingSystem.IsWindows() ? "codex.exe" : "codex";

    /// <summary>Searches <see cref="CodexOptions.ExecutablePath"/>, or else the checkout's pinned CLI and then PATH.</summary>
    /// <returns>Absolute path; null when there is none.</returns>
    public static string? Find(string? configured) =>
        Find(configured, AppContext.BaseDirectory, Environment.GetEnvironmentVariable("PATH"));

    internal static string? Find(string? configured, string baseDirectory, string? path)
    {
        var found = configured switch
        {
            null or "" => Pinned(baseDirectory) ?? OnPath("codex", path),
            _ when Path.GetFileName(configured) == configured && !File.Exists(configured) => OnPath(configured, path),
            _ => File.Exists(configured) ? Path.GetFullPath(configured) : null,
        };
        return found is null ? null : Native(found) ?? found;
    }

    /// <summary>The package that a checkout installs into <c>tools/codex</c>; the server runs from a folder below the checkout.</summary>
    private static string? Pinned(string baseDirectory)
    {
        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            var package = Path.Combine(folder.FullName, "tools", "codex", "node_modules", "@openai", "codex");
            if (Directory.Exists(package) && NativeOf(package) is { } native)
                return native;
        }

        return null;
    }

    private static string? OnPath(string name, string? path)
    {
        string[] names = OperatingSystem.IsWindows() ? [$"{name}.exe", $"{name}.cmd"] : [name];
        foreach (var folder in (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var candidate in names.Select(n => Path.Combine(folder, n)))
            {
                if (IsExecutable(candidate))
                    return Path.GetFullPath(candidate);
            }
        }

        return null;
    }

    private static bool IsExecutable(string file) =>
        File.Exists(file) && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    /// <summary>
    /// The binary behind npm's link, its Windows <c>.cmd</c> file or the Node script itself; null when <paramref name="file"/> is something
    /// else.
    /// </summary>
    private static string? Native(string file)
    {
        var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        var folder = Path.GetDirectoryName(target)!;
        if (Path.GetFileName(target) == "codex.js")
            return NativeOf(Path.GetDirectoryName(folder)!);
        if (Path.GetExtension(target) is ".cmd" or ".ps1")
            return NativeOf(Path.Combine(folder, "node_modules", "@openai", "codex"))
                ?? NativeOf(Path.Combine(folder, "..", "@openai", "codex"));
        return null;
    }

    /// <summary>The platform package's binary: npm nests it in the package or lifts it to a <c>node_modules</c> above.</summary>
    private static string? NativeOf(string package)
    {
        var (suffix, triple) = Platform();
        if (triple is null)
            return null;
        for (var folder = new DirectoryInfo(package); folder is not null; folder = folder.Parent)
        {
            var native = Path.Combine(folder.FullName, "node_modules", "@openai", $"codex-{suffix}", "vendor", triple, "bin", _nativeName);
            if (File.Exists(native))
                return native;
        }

        var bundled = Path.Combine(package, "vendor", triple, "bin", _nativeName);
        return File.Exists(bundled) ? bundled : null;
    }

    private static (string Suffix, string? Triple) Platform()
    {
        var architecture = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => ("x64", "x86_64"),
            Architecture.Arm64 => ("arm64", "aarch64"),
            _ => ("", ""),
        };
        if (architecture.Item1.Length == 0)
            return ("", null);
        if (OperatingSystem.IsLinux())
            return ($"linux-{architecture.Item1}", $"{architecture.Item2}-unknown-linux-musl");
        if (OperatingSystem.IsMacOS())
            return ($"darwin-{architecture.Item1}", $"{architecture.Item2}-apple-darwin");
        return OperatingSystem.IsWindows() ? ($"win32-{architecture.Item1}", $"{architecture.Item2}-pc-windows-msvc") : ("", null);
    }
}
