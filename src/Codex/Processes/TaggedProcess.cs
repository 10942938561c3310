using System.Runtime.Versioning;
using System.Text;

namespace CodexOrleans.Codex.Processes;

/// <summary>A living process that carries a tag of some server.</summary>
internal sealed record TaggedProcess(int Id, string Installation, string Boot, string Turn)
{
    private static readonly byte[] _host = Encoding.UTF8.GetBytes(ProcessTag.HostVariable + "=");
    private static readonly byte[] _turn = Encoding.UTF8.GetBytes(ProcessTag.TurnVariable + "=");

    /// <summary>Kills the process, unless its id now belongs to a process with another tag: the kernel may have reused the id.</summary>
    [SupportedOSPlatform("linux")]
    public void Kill()
    {
        var buffer = new byte[16_384];
        var length = ProcFs.Read(Id, "environ", ref buffer);
        if (From(Id, buffer.AsSpan(0, Math.Max(length, 0))) == this)
            ProcFs.Kill(Id);
    }

    /// <summary>The process with this environment, or null when it carries no tag.</summary>
    public static TaggedProcess? From(int id, ReadOnlySpan<byte> environment)
    {
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
