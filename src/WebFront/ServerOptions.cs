using System.ComponentModel.DataAnnotations;

namespace CodexOrleans.WebFront;

/// <summary>What concerns the server as a whole. Keys at the root of the configuration.</summary>
public sealed class ServerOptions
{
    /// <summary>
    /// Folder of the database, the token and per-thread workspaces; null is <see cref="Storage.Data.DataDirectory.DefaultPath"/>.
    /// </summary>
    public string? DataDirectory { get; set; }

    /// <summary>Run on the built-in scripted model, without an OpenAI account. Default false; <c>--demo</c> sets it.</summary>
    public bool Demo { get; set; }

    /// <summary>
    /// Rehearse turns before the server is ready, so that the first users' turns are as fast as later ones. Default true. Takes a
    /// fifth of a second.
    /// </summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>
    /// Who may connect to a socket of <c>--urls http://unix:/path</c>, as for chmod. Default <c>600</c>: this user alone.
    /// </summary>
    [RegularExpression("0?[0-7]{3}", ErrorMessage = "UnixSocketMode must be three octal digits, such as 600 or 660.")]
    public string UnixSocketMode { get; set; } = "600";

    /// <summary>
    /// Largest request body in bytes. Default 8 MiB: the CLI's longest prompt of 1,048,576 characters passes, even if a client
    /// escapes each as <c>\uXXXX</c>.
    /// </summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public long MaxRequestBodyBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// Connections at a time, those of open event streams included; more are closed at once. Default 5,000. Whoever can connect can make
    /// each cost memory and a file descriptor, so that it is best little more than what is needed.
    /// </summary>
    [Range(1, 1_000_000)]
    public long MaxConnections { get; set; } = 5_000;
}
