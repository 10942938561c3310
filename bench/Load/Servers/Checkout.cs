namespace CodexOrleans.Load.Servers;

/// <summary>The checkout that this program was built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>Path of something in the checkout.</summary>
    public static string Path(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "CodexOrleans.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No CodexOrleans.sln above '{AppContext.BaseDirectory}'. Run the benchmark from a checkout.");
    }
}
