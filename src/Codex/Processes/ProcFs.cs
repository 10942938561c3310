using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// Reads <c>/proc</c> by plain system calls, because most processes of a machine belong to other users or have ended when they are read,
/// and an exception for each would cost more than the rest of a scan.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class ProcFs
{
    /// <summary>Result of <see cref="Read"/> for a process that this user may not read.</summary>
    public const int Denied = -1;

    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int SigKill = 9;
    private const int PermissionDenied = 13;

    /// <summary>Reads a file of a process into <paramref name="buffer"/>, growing it as needed.</summary>
    /// <returns>How many bytes; 0 when the process is gone or the file is empty, <see cref="Denied"/> when it may not be read.</returns>
    public static int Read(int processId, string name, ref byte[] buffer)
    {
        var descriptor = open(Encoding.UTF8.GetBytes($"/proc/{processId}/{name}\0"), ReadOnlyCloseOnExec);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError() == PermissionDenied ? Denied : 0;
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 2);
                var count = pread(descriptor, ref buffer[length], buffer.Length - length, length);
                if (count <= 0)
                    return length;
                length += (int)count;
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    public static void Kill(int processId) => _ = kill(processId, SigKill);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint pread(int descriptor, ref byte buffer, nint count, long offset);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);
}
