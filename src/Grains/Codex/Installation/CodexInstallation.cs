using System.Text;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using CodexOrleans.Grains.Codex.Processes;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Codex.Installation;

/// <summary>
/// The installed CLI: where, which version, logged in or not. Found out by running it, then kept until one of the files that the
/// answer depends on changes, so that asking is cheap.
/// </summary>
public sealed partial class CodexInstallation(IOptions<CodexOptions> options, HostTag host) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly CodexEnvironment _environment = new(options.Value, host);
    private Answer? _last;

    /// <summary>The CLI's path now, looked up in the file system; null when there is none.</summary>
    public string? Path => CodexExecutable.Find(options.Value.ExecutablePath);

    /// <summary>What is known, from memory unless something has changed. Never throws for what the CLI does.</summary>
    public ValueTask<CodexFacts> GetFacts(CancellationToken cancellationToken = default) =>
        _last is { } last && last.Key == CurrentKey() ? ValueTask.FromResult(last.Facts) : Ask(cancellationToken);

    /// <summary>Asks the CLI anew, whatever is known.</summary>
    public ValueTask<CodexFacts> Refresh(CancellationToken cancellationToken = default)
    {
        _last = null;
        return Ask(cancellationToken);
    }

    public void Dispose() => _asking.Dispose();

    private async ValueTask<CodexFacts> Ask(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var key = CurrentKey();
            if (_last is { } last && last.Key == key)
                return last.Facts;
            var facts = await Find(key.Path, cancellationToken).ConfigureAwait(false);
            _last = new Answer(key, facts);
            return facts;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<CodexFacts> Find(string? path, CancellationToken cancellationToken)
    {
        if (path is null)
            return new CodexFacts(null, null, LoginState.Unknown);
        var version = await Run(path, ["--version"], cancellationToken).ConfigureAwait(false);
        if (version is not { ExitCode: 0 })
            return new CodexFacts(path, null, LoginState.Unknown);
        var number = VersionNumber().Match(version.StandardOutput) is { Success: true } match ? match.Value : version.StandardOutput.Trim();
        var login = await FindLogin(path, cancellationToken).ConfigureAwait(false);
        var sandbox = await Run(path, ["sandbox", "--", "true"], cancellationToken).ConfigureAwait(false);
        return new CodexFacts(path, number, login) { SandboxWorks = sandbox is null ? null : sandbox.ExitCode == 0 };
    }

    private async Task<LoginState> FindLogin(string path, CancellationToken cancellationToken)
    {
        if (UsesCustomProvider())
            return LoginState.CustomProvider;
        // 'login status' doesn't look at the variable, although exec does, before anything else.
        if (_environment["CODEX_API_KEY"] is { Length: > 0 })
            return LoginState.ApiKey;
        var status = await Run(path, ["login", "status"], cancellationToken).ConfigureAwait(false);
        if (status is null)
            return LoginState.Unknown;
        if (status.ExitCode != 0)
            return LoginState.LoggedOut;
        // All of its text goes to stderr.
        return (status.StandardError + status.StandardOutput).Contains("ChatGPT", StringComparison.OrdinalIgnoreCase) ? LoginState.ChatGpt : LoginState.ApiKey;
    }

    /// <summary>Whether turns go to a provider other than the built-in one, by the operator's overrides or the top of config.toml.</summary>
    private bool UsesCustomProvider()
    {
        if (options.Value.ConfigOverrides.TryGetValue("model_provider", out var provider))
            return provider.Trim().Trim('"', '\'') != "openai";
        try
        {
            foreach (var line in File.ReadLines(ConfigFile))
            {
                // A table begins: what follows is not at the top any more.
                if (line.TrimStart().StartsWith('['))
                    return false;
                if (ModelProvider().Match(line) is { Success: true } match)
                    return match.Groups[1].Value != "openai";
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No configuration that could name a provider; the CLI itself complains about an unreadable one.
        }

        return false;
    }

    private async Task<BufferedCommandResult?> Run(string path, string[] arguments, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        try
        {
            var output = new StringBuilder();
            var error = new StringBuilder();
            var result = await Cli.Wrap(path)
                .WithArguments(arguments)
                .WithValidation(CommandResultValidation.None)
                .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output, Encoding.UTF8))
                .WithStandardErrorPipe(PipeTarget.ToStringBuilder(error, Encoding.UTF8))
                .ExecuteAsync(start => _environment.Apply(start.Environment, Guid.Empty), null, patience.Token)
                .ConfigureAwait(false);
            return new BufferedCommandResult(result.ExitCode, result.StartTime, result.ExitTime, output.ToString(), error.ToString());
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException or TimeoutException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private string ConfigFile => System.IO.Path.Combine(_environment.Home, "config.toml");

    private Key CurrentKey()
    {
        var path = Path;
        return new Key(path, Stamp(path), Stamp(ConfigFile), Stamp(System.IO.Path.Combine(_environment.Home, "auth.json")));
    }

    private static (DateTime Written, long Length) Stamp(string? path) =>
        path is not null && new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    [GeneratedRegex(@"\d+\.\d+\.\d+\S*")]
    private static partial Regex VersionNumber();

    [GeneratedRegex("""^\s*model_provider\s*=\s*["']([^"']*)["']""")]
    private static partial Regex ModelProvider();

    private sealed record Answer(Key Key, CodexFacts Facts);

    private sealed record Key(string? Path, (DateTime, long) Executable, (DateTime, long) Config, (DateTime, long) Login);
}
