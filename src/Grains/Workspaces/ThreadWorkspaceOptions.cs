namespace CodexOrleans.Grains.Workspaces;

/// <summary>The folders of threads without a working directory. Section <c>Workspaces</c>.</summary>
public sealed class ThreadWorkspaceOptions
{
    public const string Section = "Workspaces";

    /// <summary>
    /// Parent of these folders; null, the default, is <c>workspaces</c> in the data directory. On a volume that all nodes of a cluster
    /// share a thread finds its files wherever it runs.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>
    /// Whether <see cref="Folder"/>, and every folder that clients may name, is the same on every node. Then any node may run a thread's
    /// next turn; otherwise only the one that ran its last. Default false.
    /// </summary>
    public bool Shared { get; set; }
}
