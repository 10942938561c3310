namespace CodexOrleans.Grains;

/// <summary>Names this process start, as the owner of the turns it runs.</summary>
public sealed class HostIdentity
{
    public string Id { get; } = $"{Environment.MachineName}/{Guid.CreateVersion7():N}";
}
