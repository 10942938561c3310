using System.Security.Cryptography;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// Identifies this server process in the environment of every process it starts, so that those that outlive it can be found. The process
/// tree does not show them: commands run in sessions of their own, and orphans have lost their parent.
/// </summary>
/// <param name="Installation">Same for each start of the server on one data directory.</param>
/// <param name="Boot">New for each start.</param>
public sealed record ProcessTag(string Installation, string Boot)
{
    /// <summary>
    /// Holds <c>installation.boot</c>. The CLI can be told to hide variables with KEY, SECRET or TOKEN in the name from commands; these
    /// pass.
    /// </summary>
    public const string HostVariable = "CODEX_ORLEANS_HOST";

    /// <summary>Holds the turn's id.</summary>
    public const string TurnVariable = "CODEX_ORLEANS_TURN";

    private const int IdLength = 32;

    public string Value { get; } = $"{Installation}.{Boot}";

    /// <summary>The installation in a host's <see cref="Value"/>, or null.</summary>
    public static string? InstallationOf(string host) =>
        host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? host[..dot] : null;

    /// <summary>A tag for a server without a data directory: it finds no processes of earlier starts.</summary>
    public static ProcessTag Ephemeral() => new(RandomId(), RandomId());

    /// <summary>A tag of a new start of an installation.</summary>
    public static ProcessTag Of(string installation) => new(installation, RandomId());

    private static string RandomId() => RandomNumberGenerator.GetHexString(IdLength, lowercase: true);
}
