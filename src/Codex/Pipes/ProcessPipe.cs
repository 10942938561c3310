using System.ComponentModel;
using System.IO.Pipes;

namespace CodexOrleans.Codex.Pipes;

/// <summary>The output of a process, read in the fastest way that this machine has.</summary>
internal static class ProcessPipe
{
    /// <summary>
    /// A faster reader of the same pipe where there is one, else the stream itself. The stream must not be read beside it, and must
    /// outlive it.
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
            // The kernel refuses another descriptor or watch; the runtime's own way may still work.
            return stream;
        }
    }
}
