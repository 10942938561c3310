using System.Text;

namespace CodexOrleans.Codex.Events;

/// <summary>
/// Items that were started and not completed, as after an interrupt or when a command outlives its turn. The server closes them before the
/// terminal event, so that no client waits for them.
/// </summary>
internal sealed class OpenItems
{
    /// <summary>The CLI has a handful of open items. Items beyond these bounds are passed on, but the server does not close them.</summary>
    private const int MaxItems = 1_000;
    private const int MaxBytes = 32 << 20;

    private static readonly byte[] _prefix = Encoding.UTF8.GetBytes("""{"type":"item.completed","item":""");

    private readonly List<OpenItem> _items = [];
    private int _bytes;

    public int Count => _items.Count;

    /// <summary>Remembers an item's last known state.</summary>
    public void Open(ReadOnlySpan<byte> line, in EventLine facts)
    {
        var id = line[facts.ItemIdToken];
        if (id.IsEmpty)
            return;
        var json = line[facts.Item];
        var index = IndexOf(id);
        var known = index >= 0 ? _items[index].Json.Length : 0;
        if (_bytes - known + json.Length > MaxBytes || (index < 0 && _items.Count == MaxItems))
            return;

        var item = new OpenItem(id.ToArray(), json.ToArray(), facts.ItemStatusToken);
        _bytes += json.Length - known;
        if (index < 0)
            _items.Add(item);
        else
            _items[index] = item;
    }

    public void Complete(ReadOnlySpan<byte> line, in EventLine facts)
    {
        if (_items.Count == 0)
            return;
        var index = IndexOf(line[facts.ItemIdToken]);
        if (index < 0)
            return;
        _bytes -= _items[index].Json.Length;
        _items.RemoveAt(index);
    }

    /// <summary>Writes an <c>item.completed</c> for each open item, in the order they were started; one with a status is failed.</summary>
    public void CloseAll(EventBlockBuilder output)
    {
        foreach (var item in _items)
        {
            var json = item.Json.AsSpan();
            var status = item.StatusToken.GetOffsetAndLength(json.Length);
            byte[] line = status.Length == 0
                ? [.. _prefix, .. json, (byte)'}', (byte)'\n']
                :
                [
                    .. _prefix,
                    .. json[..status.Offset],
                    .. "\"failed\""u8,
                    .. json[(status.Offset + status.Length)..],
                    (byte)'}',
                    (byte)'\n',
                ];
            output.Add(line, 1);
        }

        _items.Clear();
        _bytes = 0;
    }

    private int IndexOf(ReadOnlySpan<byte> id)
    {
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            if (id.SequenceEqual(_items[i].Id))
                return i;
        }

        return -1;
    }

    private readonly record struct OpenItem(byte[] Id, byte[] Json, Range StatusToken);
}
