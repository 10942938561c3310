using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.TestSupport.Telemetry;

/// <summary>What a collector is to a server: takes traces, metrics and logs by OTLP over HTTP, and keeps them for the test.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentQueue<OtlpPoint> _points = new();
    private readonly ConcurrentQueue<OtlpLog> _logs = new();
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver(WebApplication app) => _app = app;

    public IReadOnlyCollection<OtlpSpan> Spans => _spans;

    /// <summary>Every data point of every export.</summary>
    public IReadOnlyCollection<OtlpPoint> Points => _points;

    public IReadOnlyCollection<OtlpLog> Logs => _logs;

    /// <summary>The environment of a server that exports here, quickly.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
    };

    public static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.Run(receiver.Receive);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Completes when what has arrived is as <paramref name="wanted"/> says.</summary>
    public async Task Until(Func<OtlpReceiver, bool> wanted)
    {
        using var patience = new CancellationTokenSource(_patience);
        while (true)
        {
            var arrival = Volatile.Read(ref _arrival).Task;
            if (wanted(this))
                return;
            await arrival.WaitAsync(patience.Token);
        }
    }

    /// <summary>The newest value of a meter, summed over its attributes that <paramref name="which"/> accepts, and over the servers.</summary>
    public double Value(string metric, Func<IReadOnlyDictionary<string, string>, bool>? which = null) => _points
        .Where(point => point.Metric == metric && (which is null || which(point.Attributes)))
        .GroupBy(point => (point.Instance, string.Join(',', point.Attributes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value}"))))
        .Sum(series => series.MaxBy(point => point.Time)!.Value);

    /// <summary>Whether a text is anywhere in what has arrived.</summary>
    public bool Holds(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return _bodies.Any(body => body.AsSpan().IndexOf(bytes) >= 0);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Receive(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        _bodies.Enqueue(bytes);
        var message = OtlpMessage.Parse(bytes);
        switch (context.Request.Path.Value)
        {
            case "/v1/traces":
                Enqueue(_spans, OtlpSpan.Read(message));
                break;
            case "/v1/metrics":
                Enqueue(_points, OtlpPoint.Read(message));
                break;
            case "/v1/logs":
                Enqueue(_logs, OtlpLog.Read(message));
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }

        Interlocked.Exchange(ref _arrival, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private static void Enqueue<T>(ConcurrentQueue<T> queue, IEnumerable<T> items)
    {
        foreach (var item in items)
            queue.Enqueue(item);
    }
}
