namespace CodexOrleans.Codex.Exec;

/// <summary>
/// What a rehearsed turn starts instead of the CLI: a process that prints its stdin, which is the prompt. So a rehearsal takes every
/// step of a turn, needs no CLI and calls no model.
/// </summary>
internal static class Rehearsal
{
    public const string Executable = "/bin/sh";

    /// <summary>The CLI's arguments come along as parameters that the script does not use.</summary>
    public static IReadOnlyList<string> Arguments(IReadOnlyList<string> codex) => ["-c", "exec cat", "codex", .. codex];
}
