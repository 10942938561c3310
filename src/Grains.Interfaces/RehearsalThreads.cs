using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CodexOrleans.Grains;

/// <summary>
/// The threads on which a starting server rehearses turns. An installation has the same ids at each start, so that a start finds what a
/// killed one has left, and other ids than every other installation. Users' turns are refused on these threads, and rehearsals on all
/// others.
/// </summary>
public static class RehearsalThreads
{
    /// <summary>Number of rehearsal threads of an installation.</summary>
    public const int Count = 16;

    // The ids are UUIDs of version 8, which no generator makes. The last six bytes are the installation and the number of the thread.
    private const ulong FirstHalf = 0xc0de_0000_0000_8000;
    private const ushort Next = 0x8000;

    private const int PrefixLength = sizeof(ulong) + sizeof(ushort);

    /// <summary>The smallest possible id.</summary>
    public static Guid Least { get; } = Id([0, 0, 0, 0, 0], 0);

    /// <summary>The greatest possible id.</summary>
    public static Guid Greatest { get; } = Id([0xff, 0xff, 0xff, 0xff, 0xff], 0xff);

    /// <summary>All ids of one installation.</summary>
    public static IReadOnlyList<Guid> Of(string installation)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(installation));
        return [.. Enumerable.Range(0, Count).Select(i => Id(hash.AsSpan(0, 5), (byte)i))];
    }

    /// <summary>Whether a thread is a rehearsal thread of any installation.</summary>
    public static bool Contains(Guid threadId)
    {
        Span<byte> id = stackalloc byte[16];
        threadId.TryWriteBytes(id, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt64BigEndian(id) == FirstHalf
            && BinaryPrimitives.ReadUInt16BigEndian(id[sizeof(ulong)..PrefixLength]) == Next;
    }

    private static Guid Id(ReadOnlySpan<byte> installation, byte number)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(id, FirstHalf);
        BinaryPrimitives.WriteUInt16BigEndian(id[sizeof(ulong)..], Next);
        installation.CopyTo(id[PrefixLength..]);
        id[^1] = number;
        return new Guid(id, bigEndian: true);
    }
}
