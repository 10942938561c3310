using System.Globalization;

namespace CodexOrleans.TestSupport;

/// <summary>Looks at processes from outside.</summary>
public static class ProcessProbe
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
        var id = 0;
        await Condition.Becomes(() => File.Exists(file)
            && int.TryParse(File.ReadAllText(file), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out id));
        return id;
    }

    /// <summary>Waits for an end that nothing announces.</summary>
    public static Task UntilGone(int processId) => Condition.Becomes(() => !IsAlive(processId));
}
