using System.Net;
using System.Text;

namespace CodexOrleans.Load.Http;

/// <summary>Whole HTTP/1.1 requests.</summary>
internal static class RequestText
{
    public static byte[] Post(IPEndPoint endpoint, string path, string? token, string body) => Encoding.UTF8.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: {endpoint}\r\n{Authorization(token)}Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public static byte[] Follow(IPEndPoint endpoint, string path, string? token, long after) => Encoding.UTF8.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: {endpoint}\r\n{Authorization(token)}Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n\r\n");

    private static string Authorization(string? token) => token is null ? "" : $"Authorization: Bearer {token}\r\n";
}
