using System.Text;
using CodexOrleans.Load.Http;

namespace CodexOrleans.Bench.Tests;

/// <summary>Keeps what the readers hand on.</summary>
internal sealed class Recording : IResponseBody, IEventFrames, IDocumentEvents
{
    private readonly List<byte> _body = [];

    public string Body => Encoding.UTF8.GetString([.. _body]);

    public List<string> Frames { get; } = [];

    public List<int> Numbers { get; } = [];

    public int Completions { get; private set; }

    /// <summary>All ways to hand over bytes in two pieces, and the one byte by byte.</summary>
    public static IEnumerable<byte[][]> Cuts(byte[] bytes)
    {
        for (var cut = 0; cut <= bytes.Length; cut++)
            yield return [bytes[..cut], bytes[cut..]];
        yield return [.. bytes.Select(b => new[] { b })];
    }

    public void Append(ReadOnlySpan<byte> piece, long receivedAt) => _body.AddRange(piece);

    public void Frame(long id, bool named, ReadOnlySpan<byte> data, long receivedAt) =>
        Frames.Add($"{id} {(named ? "own" : "cli")} {Encoding.UTF8.GetString(data)}");

    public void Numbered(int number) => Numbers.Add(number);

    void IDocumentEvents.Completed() => Completions++;
}
