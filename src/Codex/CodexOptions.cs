using System.ComponentModel.DataAnnotations;

namespace CodexOrleans.Codex;

/// <summary>How the server finds and runs the CLI. Section <c>Codex</c>.</summary>
public sealed class CodexOptions
{
    public const string Section = "Codex";

    /// <summary>Path of the <c>codex</c> executable or of the npm shim; null looks for the checkout's pinned CLI, then on PATH.</summary>
    public string? ExecutablePath { get; set; }

    /// <summary>CODEX_HOME of every CLI process; null is the user's <c>~/.codex</c>.</summary>
    public string? Home { get; set; }

    /// <summary><c>-c key=value</c> pairs the operator adds to every run; the value is TOML.</summary>
    public Dictionary<string, string> ConfigOverrides { get; } = [];

    /// <summary>Further names of environment variables that the CLI may see, beside the built-in allow-list. Its commands do not.</summary>
    public List<string> PassEnvironment { get; } = [];

    /// <summary>Variables set for every CLI process, such as a provider's key. Its commands do not see them.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>
    /// Names of variables that commands see as well, beside those that shells, git and compilers need; their values come from the
    /// server's environment, from <see cref="Environment"/> or from <c>shell_environment_policy.set</c> of the CLI's configuration.
    /// </summary>
    public List<string> PassToCommands { get; } = [];

    /// <summary>Longest run of one turn. Default one hour.</summary>
    public TimeSpan TurnTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long the CLI may take to end after a polite signal before it is killed. Default 3 s.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a shutdown waits for running turns before it ends them. Default 20 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Timeout of a shutdown: the time for running turns to finish, the time to end those that do not, and 20 s for the rest.
    /// </summary>
    public TimeSpan ShutdownLimit => DrainTimeout + StopGrace + TimeSpan.FromSeconds(20);

    /// <summary>Turns that run at once in this process; 0 chooses by cores and memory.</summary>
    [Range(0, 100_000)]
    public int MaxConcurrentTurns { get; set; }

    /// <summary>How long a turn waits for a free slot before it is refused. Default 20 s.</summary>
    public TimeSpan MaxQueueWait { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Turns that may wait for a slot at once; beyond it they are refused immediately.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueueLength { get; set; } = 1_000;
}
