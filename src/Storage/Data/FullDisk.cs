namespace CodexOrleans.Storage.Data;

/// <summary>The disk has no space left for a file, or this user's share of it is used up.</summary>
public static class FullDisk
{
    /// <summary>Whether that is why a file could not be written.</summary>
    // ENOSPC, EDQUOT on Linux, and what Windows says.
    public static bool IsCauseOf(Exception e) => e is IOException && e.HResult is 28 or 122 or unchecked((int)0x80070070);
}
