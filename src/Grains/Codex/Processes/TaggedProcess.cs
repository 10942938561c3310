using System.Globalization;
using System.Runtime.Versioning;
using System.Text;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>A living process that carries a tag of some server.</summary>
internal sealed record TaggedProcess(int Id, string Installation, string Boot, string Turn)
{
    private static readonly byte[] _host = Encoding.UTF8.GetBytes(HostTag.HostVariable + "=");
    private static readonly byte[] _turn = Encoding.UTF8.GetBytes(HostTag.TurnVariable + "=");

    /// <summary>All of them that this user may see. Zombies have no environment any more, so they are not among them.</summary>
    [SupportedOSPlatform("linux")]
    public static List<TaggedProcess> FindAll()
    {
        var found = new List<TaggedProcess>();
        var buffer = new byte[16_384];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(folder.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id != Environment.ProcessId
                && Read(id, ref buffer) is { } process)
                found.Add(process);
        }

        return found;
    }

    /// <summary>Ends it by SIGKILL, unless its id belongs to a process with another tag by now: the tag says who is to be ended, not the id.</summary>
    [SupportedOSPlatform("linux")]
    public void Kill()
    {
        var buffer = new byte[16_384];
        if (Read(Id, ref buffer) == this)
            ProcFs.Kill(Id);
    }

    [SupportedOSPlatform("linux")]
    private static TaggedProcess? Read(int id, ref byte[] buffer)
    {
        var length = ProcFs.Read(id, "environ", ref buffer);
        var environment = buffer.AsSpan(0, length);
        if (Variable(environment, _host) is not { } host || Variable(environment, _turn) is not { } turn)
            return null;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? new TaggedProcess(id, host[..dot], host[(dot + 1)..], turn) : null;
    }

    private static string? Variable(ReadOnlySpan<byte> environment, ReadOnlySpan<byte> name)
    {
        for (var position = 0; environment[position..].IndexOf(name) is >= 0 and var found;)
        {
            position += found;
            var value = environment[(position + name.Length)..];
            if (position == 0 || environment[position - 1] == 0)
                return Encoding.UTF8.GetString(value[..(value.IndexOf((byte)0) is >= 0 and var end ? end : value.Length)]);
            position += name.Length;
        }

        return null;
    }
}
