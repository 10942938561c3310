using System.ComponentModel;
using System.IO.Pipes;

namespace CodexOrleans.Codex.Pipes;

/// <summary>Chooses the fastest reader for the output of a process.</summary>
internal static class ProcessPipe
{
    /// <summary>
    /// A faster reader of the same pipe if this OS has one, else the stream itself. The stream must not be read directly, and must outlive
    /// the reader.
    /// </summary>
    public static Stream Over(Stream stream)
    {
        if (!OperatingSystem.IsLinux() || stream is not PipeStream pipe)
            return stream;
        try
        {
            return PolledPipe.Over(pipe);
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            // The kernel refuses another descriptor or watch; the runtime's own reads may still work.
            return stream;
        }
    }
}
