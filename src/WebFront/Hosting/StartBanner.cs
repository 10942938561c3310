using System.Globalization;
using System.Text;
using CodexOrleans.Storage.Data;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Health;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>
/// What the person at the terminal needs, printed once to stdout when the server listens. It holds the sign-in link, so it never
/// goes to the logger, whose output may be kept and shipped elsewhere.
/// </summary>
internal sealed partial class StartBanner(
    IServer server,
    DataDirectory data,
    SignInTickets tickets,
    CodexStatusReader codex,
    IOptions<AuthOptions> auth,
    IOptions<ServerOptions> options,
    ILogger<StartBanner> logger) : IHostedLifecycleService, IDisposable
{
    /// <summary>The CLI is asked by running it, which takes longer than the rest of the banner is worth.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private Task _printing = Task.CompletedTask;

    /// <summary>Prints beside the start: the server is ready whether or not the CLI has told its version yet.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _printing = Print(server.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? []);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _printing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task Print(string[] addresses)
    {
        var cli = await ReadStatus();
        if (_stopping.IsCancellationRequested)
            return;
        await Console.Out.WriteLineAsync(Compose(addresses, cli));
        var plain = addresses.Where(a => a.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && !BoundAddress.IsLoopback(a));
        foreach (var address in plain)
            PlainHttpBeyondLoopback(address);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is known of the CLI, or null when it does not answer in time.</summary>
    private async Task<CodexStatus?> ReadStatus()
    {
        try
        {
            return await codex.Read(_stopping.Token).AsTask().WaitAsync(_patience, _stopping.Token);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return null;
        }
    }

    private string Compose(string[] addresses, CodexStatus? cli)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture, $"\nCodexOrleans {ServerVersion.Text} is listening on {string.Join(", ", addresses)}\n\n");

        var page = addresses.FirstOrDefault(address => BoundAddress.UnixSocket(address) is null) is { } first
            ? BoundAddress.ForLocalBrowser(first)
            : null;
        var socket = addresses.Select(BoundAddress.UnixSocket).FirstOrDefault(path => path is not null);
        var open = auth.Value.Mode == AuthMode.None;
        if (page is not null)
        {
            Line(text, "Page", open ? page + "/" : $"{page}/sign-in?ticket={tickets.Issue()}");
            if (!open)
                Line(text, "", $"this link signs one browser in, once, within {SignInTickets.Lifetime.TotalMinutes:0} minutes");
        }

        if (socket is not null)
        {
            Line(text, "Socket", $"curl --unix-socket {socket} http://localhost/health/ready");
            if (page is null)
                Line(text, "", "a browser needs a proxy before it, or: ssh -L 8000:" + socket + " <this machine>");
        }

        if (open)
        {
            Line(text, "Access", page is not null
                ? "open to every process and user of this machine (Auth:Mode=None)"
                : $"open to everybody who may connect to the socket (Auth:Mode=None, UnixSocketMode={options.Value.UnixSocketMode})");
        }
        else
        {
            Line(text, "API token", auth.Value switch
            {
                { TokenHash: not null } => "the one whose hash is configured in Auth:TokenHash",
                { Token: not null } => "as configured in Auth:Token",
                _ => $"in {data.TokenFile}",
            });
        }

        Line(text, "Data", data.Path);
        Line(text, "Codex CLI", cli switch
        {
            null => "does not answer yet; GET /health tells more",
            { Installed: true } => $"{cli.Version ?? "unknown version"}, {Words(cli.Login)}",
            _ => "not found",
        });
        if (cli?.Message is { } message)
            Line(text, "", message);
        if (options.Value.Demo)
            Line(text, "Demo", "a scripted model answers every prompt; no OpenAI account is used");
        return text.ToString();
    }

    private static string Words(string login) => login switch
    {
        "chatgpt" => "logged in with ChatGPT",
        "api_key" => "with an API key",
        "provider" => "with a model provider of its own",
        "none" => "not logged in",
        _ => "login unknown",
    };

    private static void Line(StringBuilder text, string label, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"  {label,-10} {value}\n");

    [LoggerMessage(
        LogLevel.Warning,
        "{Address} is reachable from other machines over plain http: tokens and prompts travel unencrypted. Put a TLS proxy before "
            + "it, or configure an https endpoint. Requests must name a host of Auth:AllowedHosts.")]
    private partial void PlainHttpBeyondLoopback(string address);
}

internal static class StartBannerRegistration
{
    public static void AddStartBanner(this WebApplicationBuilder builder) => builder.Services.AddHostedService<StartBanner>();
}
