using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster.Support;

/// <summary>HAProxy with the configuration that we deploy, in front of three nodes.</summary>
public sealed class Proxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Uri _address;
    private readonly string _token;
    private readonly ConcurrentQueue<string> _said = new();

    private Proxy(Process process, Uri address, string token)
    {
        _process = process;
        _address = address;
        _token = token;
    }

    /// <summary>Where clients find it.</summary>
    public Uri Address => _address;

    public static Task<Proxy> Start(Nodes nodes, string first, string second, string third) =>
        Start(nodes.Settings(first)["Auth:Token"], nodes[first].Address, nodes[second].Address, nodes[third].Address);

    /// <param name="token">What opens the nodes.</param>
    public static async Task<Proxy> Start(string token, Uri first, Uri second, Uri third)
    {
        var port = FreePorts.Next();
        var start = new ProcessStartInfo(ExternalTool.Find("haproxy", "haproxy"), ["-db", "-f", Path.Combine(Repository.Root, "deploy", "compose", "haproxy.cfg")])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["LISTEN"] = $"127.0.0.1:{port}";
        start.Environment["NODE1"] = first.Authority;
        start.Environment["NODE2"] = second.Authority;
        start.Environment["NODE3"] = third.Authority;
        var proxy = new Proxy(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}"), token);
        proxy._process.OutputDataReceived += (_, line) => proxy._said.Enqueue(line.Data ?? "");
        proxy._process.BeginOutputReadLine();
        try
        {
            await Condition.Becomes(proxy.IsReady);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client that knows the proxy and nothing else.</summary>
    public CodexApi Connect(CancellationToken cancellationToken)
    {
        var http = new HttpClient { BaseAddress = _address, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        return new CodexApi(http, cancellationToken);
    }

    /// <summary>Returns when no node is ready any more, as the proxy sees it.</summary>
    public Task MissesAllNodes() => Condition.Becomes(() => Enumerable.Range(1, 3).All(node =>
        _said.LastOrDefault(line => line.StartsWith($"Server nodes/node{node} is ", StringComparison.Ordinal))?.Contains(" is DOWN", StringComparison.Ordinal) == true));

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<bool> IsReady()
    {
        using var http = new HttpClient { BaseAddress = _address };
        try
        {
            using var answer = await http.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
