namespace CodexOrleans.Codex.Installation;

/// <summary>What is known about the CLI on this machine.</summary>
/// <param name="Path">The native binary, or null when there is none.</param>
/// <param name="Version">Such as <c>0.169.0</c>; null when it cannot be run.</param>
/// <param name="Login">Whether turns can reach a model.</param>
public sealed record CodexFacts(string? Path, string? Version, LoginState Login)
{
    /// <summary>Installed and able to run.</summary>
    public bool Installed => Version is not null;

    /// <summary>
    /// Whether the CLI can run commands in its sandbox. Without it a turn doesn't fail: each of its commands does, with a line of
    /// <c>bwrap:</c> in its output. Null when it could not be asked.
    /// </summary>
    public bool? SandboxWorks { get; init; }

    /// <summary>What keeps turns from doing their work and what to do about it, for the operator; null when nothing does.</summary>
    public string? Problem => (Path, Version, Login) switch
    {
        (null, _, _) => "The Codex CLI was not found. Install it with 'npm i -g @openai/codex', or set Codex:ExecutablePath.",
        (_, null, _) =>
            "The Codex CLI was found but cannot be run. Reinstall it with 'npm i -g @openai/codex', or set Codex:ExecutablePath.",
        (_, _, LoginState.LoggedOut) =>
            "The Codex CLI is not logged in. Run 'codex login' as the user that runs this server, or set CODEX_API_KEY.",
        _ when SandboxWorks == false =>
            "The Codex CLI cannot sandbox commands on this machine, so they fail unless a turn runs with danger-full-access. "
            + "Keep Codex:Home out of the temp folder, where the CLI puts no sandbox helper, and allow unprivileged user namespaces "
            + "(on Linux: user.max_user_namespaces, and in a container its security profile).",
        _ => null,
    };
}

/// <summary>How the CLI is logged in.</summary>
public enum LoginState
{
    /// <summary>It could not be asked.</summary>
    Unknown,

    LoggedOut,

    /// <summary>By a ChatGPT account.</summary>
    ChatGpt,

    /// <summary>By an API key, stored by <c>codex login</c> or in the environment.</summary>
    ApiKey,

    /// <summary>A model provider of the operator's own is configured; it needs no login.</summary>
    CustomProvider,
}
