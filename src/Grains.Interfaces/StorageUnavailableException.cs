namespace CodexOrleans.Grains;

/// <summary>
/// The log cannot be used now, so nobody can say who owns the thread, or its owner does not know it. Nothing was done; the caller may try
/// again later. The message is for the operator.
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
