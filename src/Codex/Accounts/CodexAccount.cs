using CodexOrleans.Codex.Processes;
using CodexOrleans.Codex.Sessions;

namespace CodexOrleans.Codex.Accounts;

/// <summary>The account by which the CLI runs: its home, its environment, the operator's overrides and the limit of a turn.</summary>
public sealed class CodexAccount(CodexOptions options, ProcessTag server)
{
    /// <summary>The environment of the CLI's processes and of their commands.</summary>
    public CodexEnvironment Environment { get; } = new(options, server);

    /// <summary>The folder the CLI keeps its configuration, login and sessions in.</summary>
    public string Home => Environment.Home;

    /// <summary>The records of sessions in <see cref="Home"/>.</summary>
    public SessionFiles Sessions => new(Home);

    /// <summary><c>-c key=value</c> pairs of every run; the value is TOML.</summary>
    public IReadOnlyDictionary<string, string> ConfigOverrides => options.ConfigOverrides;

    /// <summary>Longest run of one turn.</summary>
    public TimeSpan TurnTimeout => options.TurnTimeout;
}
