using System.Diagnostics;

namespace CodexOrleans.TestSupport;

/// <summary>What a program printed and how it ended.</summary>
public sealed record ExternalCommand(int ExitCode, string Output)
{
    /// <summary>Runs a program to its end; cancelling kills it with all it started.</summary>
    /// <returns>Standard output and standard error together, each in its order.</returns>
    public static async Task<ExternalCommand> Run(
        string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null, CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder ?? Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new ExternalCommand(process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>This one, if it ended well.</summary>
    public ExternalCommand Succeeded() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"Exit code {ExitCode}:\n{Output}");
}
