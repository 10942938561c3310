using System.Globalization;
using System.Text;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>Makes requests out of the document: an operation, asked for by somebody, with something wrong in any of its parts.</summary>
/// <param name="random">Decides everything: the same seed makes the same requests.</param>
/// <param name="callers">Headers by which callers are known or not; an empty one is a stranger.</param>
/// <param name="threads">Ids of threads that exist.</param>
public sealed class RequestGenerator(
    Random random, ApiDocument document, string host, IReadOnlyList<string> callers, IReadOnlyList<string> threads)
{
    // A little below where the web server itself refuses.
    private const int LongestLine = 16_000;
    private const int LongestHead = 32_000;
    private const int MostHeaders = 190;

    private static readonly string[] _methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get"];

    private static readonly string[] _numbers =
    [
        "0", "1", "3%00", "%201", "+1", "-1", "1e3", "0x1", "1%2C2", "9223372036854775807", "9223372036854775808", "٣", "", "1%0A",
        "%EF%BC%91", "999999999999999999999999", "%00", "%ff", "1 ",
    ];

    private static readonly string[] _segments =
    [
        "", "%2e%2e", "..%2f..", "%00", "%ff", "%c0%af", "%2F", "a%20b", "%E2%98%83", ";x=1", "*", "~", "%", "%zz", "%u0041",
        "0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f", "+0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2", "%200198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f",
    ];

    private static readonly string[] _types =
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
        "application/json; charset=\"", "application/jsonp", "*/*", "", "application/json;;;=", "Application/JSON; charset=UTF-8",
    ];

    private readonly JsonMutation _json = new(random, document, [.. threads, .. callers.Select(caller => caller.Split(' ')[^1])]);

    public FuzzRequest Next()
    {
        var operation = document.Operations[random.Next(document.Operations.Count)];
        var method = random.Next(8) == 0 ? Any(_methods) : operation.Method;
        var target = Target(operation);
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\n");
        var takesBody = operation.Body is not null ? random.Next(30) != 0 : random.Next(10) == 0;
        Headers(head, operation);
        var isSmall = head.Length < LongestHead && head.ToString().Count(c => c == '\n') < MostHeaders;
        var answerable = method != "get" && IsPlain(target) && isSmall
            ? Answerable.Fully
            : Answerable.Barely;
        if (!takesBody)
            return Finish(method, head, [], answerable);
        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {(random.Next(12) == 0 ? Any(_types) : "application/json")}\r\n");
        return Framed(method, head, _json.Body(operation.Body), answerable);
    }

    private static FuzzRequest Finish(string method, StringBuilder head, byte[] body, Answerable answerable) =>
        new(method, [.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. body], answerable);

    /// <summary>Whether the web server is sure to take it: a path that needs no decoding, and no other host's.</summary>
    private static bool IsPlain(string target) =>
        target.StartsWith('/') && target.Length < LongestLine && target.All(c => c is > ' ' and < '\x7f')
        && !target.Split('?')[0].Contains('%', StringComparison.Ordinal);

    private static byte[] Chunk(ReadOnlySpan<byte> bytes) => [.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8];

    private T Any<T>(IReadOnlyList<T> values) => values[random.Next(values.Count)];

    private string Target(ApiOperation operation)
    {
        var path = string.Join('/', operation.Path.Split('/').Select(segment =>
            !segment.StartsWith('{') ? segment : random.Next(3) == 0 ? Any(_segments) : Any(threads)));
        path = random.Next(60) switch
        {
            0 => path + "/",
            1 => path + "/" + Any(_segments),
            2 => "/" + path,
            3 => path.ToUpperInvariant(),
            4 => "http://localhost" + path,
            5 => path.Insert(random.Next(path.Length) + 1, Any(_segments)),
            6 => path + "/" + new string('a', random.Next(7_000, 20_000)),
            7 => "*",
            8 => path[..random.Next(1, path.Length)],
            _ => path,
        };
        if (operation.Queries.Count == 0 && random.Next(10) != 0)
            return path;
        string Query() => operation.Queries.Count > 0 && random.Next(8) != 0 ? Any(operation.Queries) : $"q{random.Next(10)}";
        return $"{path}?{string.Join('&', Enumerable.Range(0, random.Next(4)).Select(_ => $"{Query()}={Any(_numbers)}"))}";
    }

    private void Headers(StringBuilder head, ApiOperation operation)
    {
        head.Append(CultureInfo.InvariantCulture, $"Host: {(random.Next(40) == 0 ? "elsewhere.example" : host)}\r\n");
        if (Any(callers) is { Length: > 0 } caller)
            head.Append(caller).Append("\r\n");
        if (operation.Path.EndsWith("/events", StringComparison.Ordinal) && random.Next(2) == 0)
            head.Append("Accept: text/event-stream\r\n");
        foreach (var name in operation.Headers.Where(_ => random.Next(3) == 0))
            head.Append(CultureInfo.InvariantCulture, $"{name}: {Uri.UnescapeDataString(Any(_numbers)).Trim('\0', '\n', ' ')}\r\n");
        head.Append(random.Next(40) switch
        {
            0 => "Origin: http://elsewhere.example\r\n",
            1 => "Origin: null\r\n",
            2 => "Sec-Fetch-Site: cross-site\r\n",
            3 => "Cookie: codex-session=x; =; ;;\r\nCookie: a=\"\r\n",
            4 => "Accept: ;;,text/event-stream;q=x\r\n",
            5 => "X-Forwarded-Proto: https, gopher\r\nX-Forwarded-Host: x\r\n",
            6 => $"X-Long: {new string('a', random.Next(10_000, 40_000))}\r\n",
            7 => string.Concat(Enumerable.Range(0, random.Next(50, 250)).Select(i => $"X-{i}: 1\r\n")),
            8 => "X-HTTP-Method-Override: DELETE\r\n",
            9 => "Connection: Upgrade\r\nUpgrade: websocket\r\n",
            10 => "Expect: 100-continue\r\n",
            11 => "Authorization: Bearer x\r\n",
            12 => "Range: bytes=0-1\r\nIf-None-Match: *\r\nIf-Modified-Since: x\r\n",
            13 => "Accept-Encoding: gzip, br\r\nAccept-Language: x\r\n",
            14 => "Connection: close\r\n",
            _ => "",
        });
    }

    private FuzzRequest Framed(string method, StringBuilder head, byte[] body, Answerable answerable)
    {
        FuzzRequest Broken(string framing, byte[] sent) => Finish(method, head.Append(framing).Append("\r\n"), sent, Answerable.NotEven);
        switch (random.Next(40))
        {
            case 0:
                var size = Any(["zz", "-1", "ffffffffffffffff", "1 1", "0x1", ""]);
                return Broken("Transfer-Encoding: chunked", [.. Encoding.ASCII.GetBytes(size), .. "\r\n"u8, .. body]);
            case 1:
                return Broken("Transfer-Encoding: chunked", [.. Chunk(body)[..^2], .. "xx0\r\n\r\n"u8]);
            case 2:
                return Broken($"Content-Length: {Any(["-1", "x", "1, 2", "99999999999999999999", "+5"])}", body);
            case 3:
                return Broken($"Content-Length: {body.Length + random.Next(1, 100)}", body);
            case 4:
                return Broken($"Transfer-Encoding: {Any(["gzip", "chunked, gzip", "identity", "chunked, chunked"])}", body);
            case 5:
                return Broken($"Content-Length: {body.Length}\r\nContent-Length: {body.Length + 1}", body);
            case 6:
                var cut = Encoding.UTF8.GetBytes(head.ToString())[..^random.Next(1, 10)];
                return new(method, [.. cut, .. _json.Random(random.Next(1, 40)), .. "\r\n\r\n"u8], Answerable.NotEven);
            case < 14:
                var at = random.Next(body.Length + 1);
                var (first, second) = (at > 0 ? Chunk(body.AsSpan(0, at)) : [], at < body.Length ? Chunk(body.AsSpan(at)) : []);
                return Finish(method, head.Append("Transfer-Encoding: chunked\r\n"), [.. first, .. second, .. "0\r\n\r\n"u8], answerable);
            default:
                return Finish(method, head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n"), body, answerable);
        }
    }
}
