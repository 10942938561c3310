using System.Net;
using CodexOrleans.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo;

/// <summary>Whether this process is part of a cluster, and how it finds the others. Section <c>Cluster</c>.</summary>
public sealed class CodexClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>Default <see cref="ClusterMode.Embedded"/>.</summary>
    public ClusterMode Mode { get; set; } = ClusterMode.Embedded;

    /// <summary>Name of the cluster: processes with the same name and database belong together. Default <c>codex-orleans</c>.</summary>
    public string Id { get; set; } = "codex-orleans";

    /// <summary>
    /// IP address at which the other nodes reach this one, and on which it listens for them. Whoever reaches it can call any grain, so it
    /// must be on a network of the cluster's own. Default null: the address of this host's name.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>Port for the other nodes; 0 takes a free one. Default 11111.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>Port for processes of mode <see cref="ClusterMode.Client"/>; 0, the default, keeps it closed.</summary>
    public int GatewayPort { get; set; }
}

/// <summary>The part that a process has in a cluster.</summary>
public enum ClusterMode
{
    /// <summary>Front end and silo in one process, which is the whole cluster; no other process can join.</summary>
    Embedded,

    /// <summary>A silo of a cluster, with or without a front end in its process.</summary>
    Node,

    /// <summary>A front end without a silo.</summary>
    Client,
}

internal static class CodexClusterConfiguration
{
    /// <summary>Whether the process has no silo of its own.</summary>
    public static bool IsClient(this IConfiguration configuration) =>
        configuration.GetValue($"{CodexClusterOptions.Section}:{nameof(CodexClusterOptions.Mode)}", ClusterMode.Embedded)
        == ClusterMode.Client;
}

/// <summary>Checks the whole section at start, so that all its problems are in one message.</summary>
internal sealed class CodexClusterOptionsValidator(IOptions<StorageOptions> storage) : IValidateOptions<CodexClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, CodexClusterOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (!Enum.IsDefined(options.Mode))
            result.AddError($"Cluster:Mode is '{options.Mode}'; it must be one of: {string.Join(", ", Enum.GetNames<ClusterMode>())}.");
        if (options.Mode != ClusterMode.Embedded && storage.Value.Provider != StorageProvider.Postgres)
        {
            result.AddError(
                $"Cluster:Mode is {options.Mode}, and a cluster shares its log: set Storage:Provider to Postgres and "
                + "Storage:ConnectionString to its database.");
        }

        if (string.IsNullOrWhiteSpace(options.Id) || options.Id.Length > 100)
            result.AddError("Cluster:Id must have 1 to 100 characters.");
        if (options.Address is { } address && !IPAddress.TryParse(address, out _))
            result.AddError($"Cluster:Address is '{address}'; it must be an IP address of this host.");
        if (options.SiloPort is < 0 or > 65535)
            result.AddError($"Cluster:SiloPort is {options.SiloPort}; it must lie between 0 and 65535.");
        if (options.GatewayPort is < 0 or > 65535)
            result.AddError($"Cluster:GatewayPort is {options.GatewayPort}; it must lie between 0 and 65535.");
        return result.Build();
    }
}
