using System.Collections.Concurrent;
using CodexOrleans.Silo;
using CodexOrleans.Storage;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Sessions that were signed out of before they expired. All of them are in memory, so that a request asks no database; the database has
/// them for the next start and for the other front ends of a cluster, each of which looks every <see cref="Period"/> for new ones.
/// </summary>
internal sealed partial class EndedSessions(
    IBrowserSessionStore store,
    UserTokens tokens,
    IOptions<CodexClusterOptions> cluster,
    TimeProvider time,
    ILogger<EndedSessions> logger) : BackgroundService
{
    /// <summary>After this a sign-out holds at all front ends.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // What others see of a commit may be this much older than it: the longest that a transaction of the log lasts.
    private static readonly TimeSpan _unseen = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, long> _expiryById = new();
    private readonly ConcurrentDictionary<HttpContext, Guid> _streams = new();
    private long _read;
    private DateTimeOffset _readAt;

    /// <summary>Reads what the database has, before the first request: the web server starts last.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        tokens.UseSecret(await store.ReadSessionSecret(cancellationToken));
        await Read(within: null, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public bool Contains(Guid session) => _expiryById.ContainsKey(session);

    /// <summary>Ends a session, here and with its open streams at once.</summary>
    /// <exception cref="StorageException">It could not be written: the session goes on.</exception>
    public async Task End(BrowserSession session)
    {
        var ended = new EndedSession(session.Id, session.ExpiresAt);
        await store.EndSession(ended);
        Add(ended);
        Forget();
    }

    /// <summary>Runs a request of a session. If it is answered with a stream, that is broken off when the session ends.</summary>
    public async Task Attend(HttpContext context, BrowserSession session, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            if (context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
            {
                _streams[context] = session.Id;
                // It may have ended since the request was let in.
                if (Contains(session.Id))
                    context.Abort();
            }

            return Task.CompletedTask;
        });
        try
        {
            await next(context);
        }
        finally
        {
            _streams.TryRemove(context, out _);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (cluster.Value.Mode == ClusterMode.Embedded)
            return;
        try
        {
            using var timer = new PeriodicTimer(Period, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await ReadNew(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task ReadNew(CancellationToken cancellationToken)
    {
        try
        {
            // By both clocks: one stands still while the machine sleeps, the other one may be set back.
            var (ticks, clock) = (time.GetElapsedTime(_read), time.GetUtcNow() - _readAt);
            await Read((ticks > clock ? ticks : clock) + _unseen, cancellationToken);
            Forget();
        }
        catch (StorageException e)
        {
            LogPutOff(e);
        }
    }

    private async Task Read(TimeSpan? within, CancellationToken cancellationToken)
    {
        var (begin, beginAt) = (time.GetTimestamp(), time.GetUtcNow());
        foreach (var session in await store.ReadEndedSessions(within, cancellationToken))
            Add(session);
        (_read, _readAt) = (begin, beginAt);
    }

    private void Add(EndedSession session)
    {
        if (!_expiryById.TryAdd(session.Id, session.ExpiresAt))
            return;
        foreach (var (context, id) in _streams)
        {
            if (id == session.Id)
                context.Abort();
        }
    }

    private void Forget()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        foreach (var (id, expiry) in _expiryById)
        {
            if (expiry <= now)
                _expiryById.TryRemove(id, out _);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Sessions that ended at other front ends could not be read now; it is tried again.")]
    private partial void LogPutOff(Exception exception);
}
