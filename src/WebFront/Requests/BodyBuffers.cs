using System.Buffers;
using System.Threading.RateLimiting;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// Reads bodies into memory and bounds how much of it they take up together. Small bodies, which nearly all are, take no more than their
/// connections do. A larger one waits until there is room for it, while TCP holds its sender back.
/// </summary>
internal sealed class BodyBuffers : IDisposable
{
    /// <summary>Bytes up to which a body is small.</summary>
    public const int Small = 64 * 1024;

    /// <summary>As many of the largest bodies are in memory at once.</summary>
    public const int LargestAtOnce = 4;

    /// <summary>As many of the largest bodies may wait.</summary>
    private const int LargestWaiting = 64;

    private const int FirstGuess = 4 * 1024;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>A body that has been given room must come this fast: the largest one of the default limit within four minutes.</summary>
    private static readonly MinDataRate _rateOfLarge = new(bytesPerSecond: 32 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    private readonly ConcurrencyLimiter _room;

    /// <summary>Buffers of large bodies, for as long as there is one; afterwards the garbage collector may have them.</summary>
    private readonly WeakReference<ArrayPool<byte>?> _large = new(null);

    public BodyBuffers(IOptions<ServerOptions> options)
    {
        Limit = options.Value.MaxRequestBodyBytes;
        _room = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = LargestAtOnce * Kibibytes(Limit),
            QueueLimit = LargestWaiting * Kibibytes(Limit),
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Largest body of a known caller in bytes.</summary>
    public long Limit { get; }

    /// <summary>What to answer when there was no room.</summary>
    public static Problem Busy() =>
        Problems.Of(RefusalCodes.ServerBusy, "The server holds too many large requests at once. Try again later.", retryAfterSeconds: 5);

    /// <summary>The whole body, the caller's to dispose; null when there is no room for it.</summary>
    /// <param name="limit">Bytes, at most <see cref="Limit"/>. What is longer the server refuses while it is read.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">
    /// It is too long, comes too slowly, or its framing is broken.
    /// </exception>
    public async ValueTask<JsonBody?> Read(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        var announced = request.ContentLength;
        RateLimitLease? room = null;
        if (announced > Small && (room = await Room(request, announced.Value, cancellationToken)) is null)
            return null;

        var body = new JsonBody((int)(announced ?? FirstGuess), Pool(room), room);
        try
        {
            while (body.Length != announced)
            {
                if (body.Free.IsEmpty && body.Length < limit)
                {
                    // A body of unknown length is small until it has grown, and then as large as may be.
                    if (body.Length >= Small && (room = await Room(request, limit, cancellationToken)) is null)
                    {
                        body.Dispose();
                        return null;
                    }

                    body.Grow(room is null ? body.Length * 2 : (int)limit, Pool(room), room);
                }

                // A full buffer leaves only the end of the body to be read, or one more byte, at which the server refuses it.
                var count = await request.Body.ReadAsync(body.Free.IsEmpty ? new byte[1] : body.Free, cancellationToken);
                if (count == 0)
                    break;
                body.Add(count);
            }

            return body;
        }
        catch (Exception e)
        {
            body.Dispose();
            // Kestrel has an exception of its own for a chunk whose length is no number.
            if (e is IOException and not Microsoft.AspNetCore.Http.BadHttpRequestException)
                throw new Microsoft.AspNetCore.Http.BadHttpRequestException(e.Message, e);
            throw;
        }
    }

    public void Dispose() => _room.Dispose();

    private static int Kibibytes(long bytes) => (int)((bytes + 1023) / 1024);

    private ArrayPool<byte> Pool(RateLimitLease? room)
    {
        if (room is null)
            return ArrayPool<byte>.Shared;
        lock (_large)
        {
            if (!_large.TryGetTarget(out var pool))
                _large.SetTarget(pool = ArrayPool<byte>.Create((int)Limit, maxArraysPerBucket: LargestAtOnce));
            return pool;
        }
    }

    private async ValueTask<RateLimitLease?> Room(HttpRequest request, long bytes, CancellationToken cancellationToken)
    {
        var lease = _room.AttemptAcquire(Kibibytes(bytes));
        if (!lease.IsAcquired)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(_patience);
            try
            {
                lease = await _room.AcquireAsync(Kibibytes(bytes), patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        if (!lease.IsAcquired)
            return null;
        // Streams of HTTP/2 share the rate of their connection.
        if (HttpProtocol.IsHttp11(request.Protocol) && request.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = _rateOfLarge;
        return lease;
    }
}
