namespace CodexOrleans.TestSupport;

/// <summary>Programs that tests use and that are not part of the checkout.</summary>
public static class ExternalTool
{
    // xunit turns an exception whose message starts so into a skip.
    private const string SkipMarker = "$XunitDynamicSkip$";

    /// <summary>The program's path, or a skip of the calling test with a word on what to install; a failure where <c>CI</c> is set.</summary>
    /// <param name="name">Such as <c>haproxy</c>; looked for on PATH and where system programs are.</param>
    /// <param name="package">Debian's package that has it.</param>
    public static string Find(string name, string package)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append("/usr/sbin");
        var required = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException((required ? "" : SkipMarker) + $"'{name}' was not found. Install it to run this test (Debian: apt-get install {package}).");
    }
}
