using System.Collections;
using CodexOrleans.Codex.Processes;
using Tomlyn.Model;

namespace CodexOrleans.Codex.Accounts;

/// <summary>
/// The environment of the CLI and of its commands, both by allow-lists. The server's environment has secrets (database passwords, tokens)
/// and the CLI's has its login, which a command of any prompt could print.
/// </summary>
public sealed class CodexEnvironment
{
    // User, folders and locale, without which shells, git and compilers misbehave.
    private static readonly string[] _forCommands =
    [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "COLORTERM", "NO_COLOR",
        "TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
        "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
    ];

    private static readonly string[] _forCommandsOnWindows =
    [
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
        "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)",
    ];

    // Proxies to the model. Commands may need them too, but must not see a proxy's password.
    private static readonly string[] _proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

    private static readonly HashSet<string> _forCli = new(
        // The CLI's own variables: its home, its login, its trusted certificates.
        [.. _forCommands, .. _forCommandsOnWindows, .. _proxies,
            "CODEX_HOME", "CODEX_SQLITE_HOME", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "CODEX_CA_CERTIFICATE", "RUST_LOG"],
        StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    /// <summary>Takes the allowed variables of this process, with their present values, and the operator's.</summary>
    public CodexEnvironment(CodexOptions options, ProcessTag host)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (_forCli.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal)
                || options.PassEnvironment.Contains(name) || options.PassToCommands.Contains(name))
                _variables[name] = (string?)variable.Value ?? "";
        }

        if (options.Home is not null)
            _variables["CODEX_HOME"] = Path.GetFullPath(options.Home);
        foreach (var (name, value) in options.Environment)
            _variables[name] = value;
        // The CLI itself runs git in the turn's folder, outside of its sandbox, and the repository's configuration, which a command may
        // have written, can name programs to run. This variable keeps git from finding a repository; commands do not see it.
        _variables.TryAdd("GIT_DIR", OperatingSystem.IsWindows() ? "NUL" : "/dev/null");
        _variables[ProcessTag.HostVariable] = host.Value;
        Host = host;
        CommandVariables = FindCommandVariables(options);
    }

    /// <summary>The tag of this server process.</summary>
    internal ProcessTag Host { get; }

    /// <summary>Names of the variables that commands may see, of which one may end in <c>*</c>; the CLI hides all others.</summary>
    public IReadOnlyList<string> CommandVariables { get; }

    /// <summary>The folder the CLI keeps its configuration, login and sessions in.</summary>
    public string Home => _variables.TryGetValue("CODEX_HOME", out var home) && home.Length > 0
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".codex");

    /// <summary>Value of one variable, or null.</summary>
    public string? this[string name] => _variables.GetValueOrDefault(name);

    /// <summary>Replaces <paramref name="target"/> by the environment of one turn's process.</summary>
    public void Apply(IDictionary<string, string?> target, Guid turnId)
    {
        target.Clear();
        foreach (var (name, value) in _variables)
            target[name] = value;
        target[ProcessTag.TurnVariable] = turnId.ToString();
    }

    private string[] FindCommandVariables(CodexOptions options)
    {
        var overrides = new CliConfiguration();
        overrides.Add(options.ConfigOverrides);
        var set = overrides.Find("shell_environment_policy", "set") is TomlTable table ? table.Keys : [];
        return
        [
            .. _forCommands,
            .. OperatingSystem.IsWindows() ? _forCommandsOnWindows : [],
            .. _proxies.Where(proxy => !HasCredentials(proxy)),
            .. options.PassToCommands,
            .. set,
            ProcessTag.HostVariable,
            ProcessTag.TurnVariable,
        ];
    }

    /// <summary>Whether the URL names a user, in any spelling of the variable: the CLI ignores case.</summary>
    private bool HasCredentials(string proxy) =>
        _variables.Any(v => v.Key.Equals(proxy, StringComparison.OrdinalIgnoreCase) && v.Value.Contains('@', StringComparison.Ordinal));
}
