namespace CodexOrleans.Grains;

/// <summary>
/// The database cannot be used now, so the thread cannot be found or read. Nothing was done; the caller may try again later. The message is
/// for the operator.
/// </summary>
[GenerateSerializer, Alias("codex.StorageUnavailableException")]
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException()
    {
    }

    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    public StorageUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
