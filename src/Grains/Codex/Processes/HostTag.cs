using System.Security.Cryptography;
using CodexOrleans.Storage;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>
/// Names this server process in the environment of everything it starts, so that what outlives it can be found: commands run in
/// sessions of their own, and orphans have lost their parent.
/// </summary>
/// <param name="Installation">Same for each start of the server on one data directory.</param>
/// <param name="Boot">New for each start.</param>
public sealed record HostTag(string Installation, string Boot)
{
    /// <summary>Holds <c>installation.boot</c>. Codex hides variables with KEY, SECRET or TOKEN in the name from commands; these pass.</summary>
    public const string HostVariable = "CODEX_ORLEANS_HOST";

    /// <summary>Holds the turn's id.</summary>
    public const string TurnVariable = "CODEX_ORLEANS_TURN";

    private const int IdBytes = 16;

    public string Value { get; } = $"{Installation}.{Boot}";

    /// <summary>The installation in a host's <see cref="Value"/>, or null.</summary>
    public static string? InstallationOf(string host) => host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? host[..dot] : null;

    /// <summary>A tag for a process that keeps no data: nothing of earlier starts can be found by it.</summary>
    public static HostTag Ephemeral() => new(RandomId(), RandomId());

    /// <summary>A tag with the installation's id of <paramref name="data"/>, made at the first start.</summary>
    /// <exception cref="StorageException">The id can be neither read nor written.</exception>
    public static HostTag Of(DataDirectory data)
    {
        // Random and kept, not derived from the path: two containers that share a process namespace may both have /data.
        var file = Path.Combine(data.Path, "installation");
        try
        {
            var id = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
            if (id.Length != IdBytes * 2 || !id.All(char.IsAsciiHexDigitLower))
            {
                id = RandomId();
                File.WriteAllText(file, id + "\n");
            }

            return new HostTag(id, RandomId());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.ReadOnly, $"The installation's id in '{file}' can be neither read nor written: {e.Message} Give this user access to the data directory.", e);
        }
    }

    private static string RandomId() => RandomNumberGenerator.GetHexString(IdBytes * 2, lowercase: true);
}
