using System.Runtime.InteropServices;

namespace CodexOrleans.Load.Sockets;

/// <summary>Linux system calls by their C names: one thread serves all connections, which the framework's sockets do not offer.</summary>
internal static unsafe partial class SystemCalls
{
    public const int AddressFamilyInet = 2;
    public const int StreamNonBlockingCloseOnExec = 1 | 0x800 | 0x80000;
    public const int ProtocolTcp = 6;
    public const int OptionNoDelay = 1;
    public const int NoSignal = 0x4000;

    public const int EpollCloseOnExec = 0x80000;
    public const int EpollAdd = 1;
    public const int EpollModify = 3;
    public const uint EpollIn = 1;
    public const uint EpollOut = 4;

    public const int InterruptedError = 4;
    public const int AgainError = 11;
    public const int ConnectionResetError = 104;
    public const int InProgressError = 115;

    public const int ThreadCpuTime = 3;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    public static partial int SetSocketOption(int socket, int level, int name, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* ready, int capacity, int milliseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    public static partial int ClockGetTime(int clock, long* secondsAndNanoseconds);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    /// <summary>CPU time of the calling thread in nanoseconds.</summary>
    public static long ThreadCpuNanoseconds()
    {
        var time = stackalloc long[2];
        return ClockGetTime(ThreadCpuTime, time) == 0 ? time[0] * 1_000_000_000 + time[1] : 0;
    }
}
