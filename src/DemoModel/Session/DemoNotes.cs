namespace CodexOrleans.DemoModel.Session;

/// <summary>The file the demo leaves behind: one line for each prompt.</summary>
internal static class DemoNotes
{
    public const string FileName = "codex-demo-notes.md";

    /// <param name="listing">The folder's files: a file that is there is continued, never overwritten.</param>
    public static string Patch(string prompt, string listing)
    {
        var line = $"+- {DemoReport.Shorten(prompt)}";
        return listing.Contains(FileName, StringComparison.Ordinal)
            ? $"*** Begin Patch\n*** Update File: {FileName}\n@@\n{line}\n*** End Patch"
            : $"*** Begin Patch\n*** Add File: {FileName}\n+# Notes of the demo model\n+\n{line}\n*** End Patch";
    }
}
