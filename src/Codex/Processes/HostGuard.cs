using CliWrap;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// A small process beside the server that waits for the server's death and then kills every process with its tag. It is needed after kill
/// -9, when no handler of the server runs and a restart may never come. It needs a POSIX shell and <c>/proc</c>, so Linux only; elsewhere
/// orphans live until they end by themselves.
/// </summary>
public sealed partial class HostGuard(ProcessTag host, ILogger<HostGuard> logger) : BackgroundService
{
    // The server's end of stdin is the sign of life: the kernel closes it however the server dies. The signals of a terminal or of
    // an impatient operator must not end the guard before its time. The tag comes as an argument, so the guard does not carry it in
    // its own environment; it is random, so a substring match is exact. The exit status of grep tells nothing: processes that end
    // while it looks are errors to it. A process carries the tag only from its exec on, so one that was just being started is missed
    // by the first look: the guard is done when several looks in a row have found nothing.
    private const string Script =
        """
        trap '' INT TERM HUP QUIT
        while read -r _; do :; done
        looks=0
        nothing=0
        while [ "$looks" -lt 100 ] && [ "$nothing" -lt 5 ]; do
          found=$(grep -lF -- "$1" /proc/[0-9]*/environ 2>/dev/null)
          if [ -n "$found" ]; then nothing=0; else nothing=$((nothing + 1)); fi
          for file in $found; do
            id=${file#/proc/}
            kill -KILL "${id%/environ}" 2>/dev/null
          done
          looks=$((looks + 1))
          sleep 0.1
        done
        """;

    private static readonly TimeSpan _restartPause = TimeSpan.FromSeconds(1);

    /// <summary>Does nothing: turns are still draining while the host stops. The guard ends when the host is disposed.</summary>
    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!OperatingSystem.IsLinux())
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Cli.Wrap("/bin/sh")
                    .WithArguments(["-c", Script, "codex-orleans-guard", $"{ProcessTag.HostVariable}={host.Value}"])
                    .WithWorkingDirectory("/")
                    .WithStandardInputPipe(PipeSource.Create((_, exited) => UntilEither(stoppingToken, exited)))
                    .WithValidation(CommandResultValidation.None)
                    .ExecuteAsync(CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
            {
                LogNotStarted(e);
            }

            if (!stoppingToken.IsCancellationRequested)
            {
                LogEnded();
                await Task.Delay(_restartPause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static async Task UntilEither(CancellationToken first, CancellationToken second)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(first, second);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The guard process could not be started; if this server is killed by force, commands of running turns may live on until "
            + "its next start.")]
    private partial void LogNotStarted(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard process has ended before the server; starting another one.")]
    private partial void LogEnded();
}
