using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CodexOrleans.Grains;

/// <summary>
/// The threads on which a starting server rehearses turns. Their ids are the same at each start of one installation, so that the next
/// one finds what a killed one left behind, and no two nodes meet on them. A user's turn is refused on them, and a rehearsal everywhere
/// else.
/// </summary>
public static class RehearsalThreads
{
    /// <summary>How many an installation has.</summary>
    public const int Count = 16;

    // A UUID of version 8: made by nobody's generator. The last six bytes tell the installation, and which of its threads.
    private const ulong FirstHalf = 0xc0de_0000_0000_8000;
    private const ushort Next = 0x8000;

    private const int PrefixLength = sizeof(ulong) + sizeof(ushort);

    /// <summary>The least id that one can have.</summary>
    public static Guid Least { get; } = Id([0, 0, 0, 0, 0], 0);

    /// <summary>The greatest id that one can have.</summary>
    public static Guid Greatest { get; } = Id([0xff, 0xff, 0xff, 0xff, 0xff], 0xff);

    /// <summary>All ids of one installation.</summary>
    public static IReadOnlyList<Guid> Of(string installation)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(installation));
        return [.. Enumerable.Range(0, Count).Select(i => Id(hash.AsSpan(0, 5), (byte)i))];
    }

    /// <summary>Whether a thread is one of them, of whatever installation.</summary>
    public static bool Contains(Guid threadId)
    {
        Span<byte> id = stackalloc byte[16];
        threadId.TryWriteBytes(id, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt64BigEndian(id) == FirstHalf && BinaryPrimitives.ReadUInt16BigEndian(id[sizeof(ulong)..PrefixLength]) == Next;
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
