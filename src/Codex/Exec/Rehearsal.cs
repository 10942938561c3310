namespace CodexOrleans.Codex.Exec;

/// <summary>
/// The program that a rehearsal starts instead of the CLI: it prints its stdin, which is the prompt. So a rehearsal runs every step of a
/// turn without the CLI and the model.
/// </summary>
internal static class Rehearsal
{
    public const string Executable = "/bin/sh";

    /// <summary>The CLI's arguments are passed too, as parameters that the script ignores.</summary>
    public static IReadOnlyList<string> Arguments(IReadOnlyList<string> codex) => ["-c", "exec cat", "codex", .. codex];
}
