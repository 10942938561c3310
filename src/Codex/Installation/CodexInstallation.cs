using System.Text;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using CodexOrleans.Codex.Accounts;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Installation;

/// <summary>
/// The installed CLI: its path, version and login. The facts are found by running the CLI, and cached until one of the files that they
/// depend on changes.
/// </summary>
public sealed partial class CodexInstallation(IOptions<CodexOptions> options, CodexAccount account) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly CancellationTokenSource _disposed = new();
    private readonly CodexEnvironment _environment = account.Environment;
    private volatile Answer? _last;

    /// <summary>The CLI's path now, looked up in the file system; null when there is none.</summary>
    public string? Path => CodexExecutable.Find(options.Value.ExecutablePath);

    /// <summary>
    /// Whether the CLI is known to have no login, and no provider that needs none. Returns the cached answer; an unknown or outdated one is
    /// refreshed in the background, and until then this is false.
    /// </summary>
    public bool IsLoggedOut
    {
        get
        {
            if (_last is { } last && last.Key.Files == FileStamps() && last.Key.Executable == Stamp(last.Key.Path))
                return last.Facts.Login == LoginState.LoggedOut;
            if (_asking.CurrentCount > 0)
                _ = Task.Run(AskUnobserved);
            return false;
        }
    }

    /// <summary>The facts, cached unless something has changed. Never throws for a failure of the CLI.</summary>
    public ValueTask<CodexFacts> GetFacts(CancellationToken cancellationToken = default) =>
        _last is { } last && last.Key == CurrentKey() ? ValueTask.FromResult(last.Facts) : Ask(cancellationToken);

    /// <summary>Asks the CLI anew, whatever is cached.</summary>
    public ValueTask<CodexFacts> Refresh(CancellationToken cancellationToken = default)
    {
        _last = null;
        return Ask(cancellationToken);
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
        _asking.Dispose();
    }

    private async Task AskUnobserved()
    {
        try
        {
            await Ask(_disposed.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server is stopping and needs no answer.
        }
    }

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
        var configuration = ReadConfiguration(out var profile);
        if (NamesCustomProvider(configuration, profile))
            return LoginState.CustomProvider;
        // 'login status' ignores this variable, but exec uses it first.
        if (_environment["CODEX_API_KEY"] is { Length: > 0 })
            return LoginState.ApiKey;
        var overrides = options.Value.ConfigOverrides.Select(o => $"--config={o.Key}={o.Value}");
        var status = await Run(path, ["login", "status", .. overrides], cancellationToken).ConfigureAwait(false);
        if (status is null)
            return LoginState.Unknown;
        // The command prints its text to stderr.
        var said = status.StandardError + status.StandardOutput;
        if (status.ExitCode == 0)
            return said.Contains("ChatGPT", StringComparison.OrdinalIgnoreCase) ? LoginState.ChatGpt : LoginState.ApiKey;
        // The exit code is the same when the CLI cannot tell, such as without a keyring.
        return said.Contains("Not logged in", StringComparison.OrdinalIgnoreCase) && !MayDoWithoutLogin(configuration, profile)
            ? LoginState.LoggedOut
            : LoginState.Unknown;
    }

    private CliConfiguration ReadConfiguration(out string? profile)
    {
        var configuration = new CliConfiguration();
        configuration.AddFile(System.IO.Path.Combine(SystemFolder, "config.toml"));
        configuration.AddFile(InHome("config.toml"));
        configuration.Add(options.Value.ConfigOverrides);
        configuration.AddFile(System.IO.Path.Combine(SystemFolder, "managed_config.toml"));
        profile = configuration.Find("profile") as string;
        return configuration;
    }

    /// <summary>Whether turns use, or may use, a provider other than the built-in one.</summary>
    private bool NamesCustomProvider(CliConfiguration configuration, string? profile)
    {
        if (options.Value.ConfigOverrides.TryGetValue("model_provider", out var provider))
            return provider.Trim().Trim('"', '\'') != "openai";
        if (IsCustom(configuration.Find("model_provider")))
            return true;
        if (profile is null)
            return false;
        var file = new CliConfiguration();
        file.AddFile(InHome($"{profile}.config.toml"));
        return IsCustom(configuration.Find("profiles", profile, "model_provider")) || IsCustom(file.Find("model_provider"));

        static bool IsCustom(object? provider) => provider is not null and not "openai";
    }

    /// <summary>Settings that make it uncertain whether the built-in provider needs a login, or whether there is one.</summary>
    private bool MayDoWithoutLogin(CliConfiguration configuration, string? profile) =>
        !configuration.IsComplete
        || profile is not null
        || configuration.Find("openai_base_url") is not null
        || configuration.Find("chatgpt_base_url") is not null
        || configuration.Find("model_providers", "openai") is not null
        || _environment["CODEX_ACCESS_TOKEN"] is { Length: > 0 }
        // Variables for the CLI.
        || File.Exists(InHome(".env"));

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

    /// <summary>The configuration of the CLI by the machine's administrator.</summary>
    private static string SystemFolder { get; } = OperatingSystem.IsWindows()
        ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "OpenAI", "Codex")
        : "/etc/codex";

    private string InHome(string name) => System.IO.Path.Combine(_environment.Home, name);

    private Key CurrentKey()
    {
        var path = Path;
        return new Key(path, Stamp(path), FileStamps());
    }

    private Files FileStamps() => new(
        Stamp(InHome("config.toml")),
        Stamp(InHome("auth.json")),
        Stamp(InHome(".env")),
        Stamp(System.IO.Path.Combine(SystemFolder, "config.toml")),
        Stamp(System.IO.Path.Combine(SystemFolder, "managed_config.toml")));

    private static (DateTime Written, long Length) Stamp(string? path) =>
        path is not null && new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    [GeneratedRegex(@"\d+\.\d+\.\d+\S*")]
    private static partial Regex VersionNumber();

    private sealed record Answer(Key Key, CodexFacts Facts);

    private sealed record Key(string? Path, (DateTime, long) Executable, Files Files);

    private readonly record struct Files(
        (DateTime, long) Config, (DateTime, long) Login, (DateTime, long) Variables, (DateTime, long) System, (DateTime, long) Managed);
}
