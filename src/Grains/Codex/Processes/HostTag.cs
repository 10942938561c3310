using System.Security.Cryptography;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>
/// Names this server process in the environment of everything it starts, so that what outlives it can be found: commands run in
/// sessions of their own, and orphans have lost their parent.
/// </summary>
/// <param name="Installation">Same for each start of the server on one data directory.</param>
/// <param name="Boot">New for each start.</param>
public sealed record HostTag(string Installation, string Boot)
{
    /// <summary>
    /// Holds <c>installation.boot</c>. The CLI can be told to hide variables with KEY, SECRET or TOKEN in the name from commands; these pass.
    /// </summary>
    public const string HostVariable = "CODEX_ORLEANS_HOST";

    /// <summary>Holds the turn's id.</summary>
    public const string TurnVariable = "CODEX_ORLEANS_TURN";

    private const int IdLength = 32;

    public string Value { get; } = $"{Installation}.{Boot}";

    /// <summary>The installation in a host's <see cref="Value"/>, or null.</summary>
    public static string? InstallationOf(string host) => host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? host[..dot] : null;

    /// <summary>A tag for a process that keeps no data: nothing of earlier starts can be found by it.</summary>
    public static HostTag Ephemeral() => new(RandomId(), RandomId());

    /// <summary>A tag of a start on <paramref name="data"/>.</summary>
    /// <exception cref="StorageException">The installation's id can be neither read nor written.</exception>
    public static HostTag Of(DataDirectory data) => new(InstallationId.Of(data), RandomId());

    private static string RandomId() => RandomNumberGenerator.GetHexString(IdLength, lowercase: true);
}
