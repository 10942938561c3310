using System.Collections;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>
/// The CLI's environment, from an allow-list: what the server was started with holds secrets (database passwords, tokens) that any
/// command of any prompt could print.
/// </summary>
public sealed class CodexEnvironment
{
    private static readonly HashSet<string> _allowed = new(StringComparer.OrdinalIgnoreCase)
    {
        // Who and where the user is, and how programs talk: without these shells, git and compilers misbehave.
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLORTERM", "NO_COLOR",
        "TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
        // The same on Windows.
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
        "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)",
        // Reaching the model from behind a proxy or a private certificate authority.
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CODEX_CA_CERTIFICATE", "NODE_EXTRA_CA_CERTS",
        // The CLI's own: where its data is, and its login. It hides the latter from commands.
        "CODEX_HOME", "CODEX_SQLITE_HOME", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "RUST_LOG",
    };

    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    /// <summary>Takes the variables of this process that may be passed, as they are now, and the operator's.</summary>
    public CodexEnvironment(CodexOptions options, HostTag host)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (_allowed.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal) || options.PassEnvironment.Contains(name))
                _variables[name] = (string?)variable.Value ?? "";
        }

        if (options.Home is not null)
            _variables["CODEX_HOME"] = Path.GetFullPath(options.Home);
        foreach (var (name, value) in options.Environment)
            _variables[name] = value;
        _variables[HostTag.HostVariable] = host.Value;
    }

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
        target[HostTag.TurnVariable] = turnId.ToString();
    }
}
