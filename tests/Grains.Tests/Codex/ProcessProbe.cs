using System.Globalization;

namespace CodexOrleans.Grains.Tests.Codex;

/// <summary>Looks at processes from outside.</summary>
internal static class ProcessProbe
{
    /// <summary>Whether it runs. A zombie, which waits for a parent to take note of its end, doesn't.</summary>
    public static bool IsAlive(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            // Gone, before or while it was read.
            return false;
        }
    }

    /// <summary>The id that a script writes into a file; waits until it is there.</summary>
    public static async Task<int> ReadId(string file)
    {
        while (true)
        {
            if (File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id))
                return id;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for an end that nothing announces.</summary>
    public static async Task UntilGone(int processId)
    {
        while (IsAlive(processId))
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }
}
