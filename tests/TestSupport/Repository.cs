namespace CodexOrleans.TestSupport;

/// <summary>Where the checkout is that the tests run from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CodexOrleans.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No CodexOrleans.sln above '{AppContext.BaseDirectory}'. Run the tests from a checkout.");
    }
}
