using System.Runtime.InteropServices;

namespace CodexOrleans.Load.Sockets;

/// <summary>Waits for many sockets at once (epoll, level-triggered). Each is registered with a number that comes back when it is ready.</summary>
internal sealed unsafe class Readiness : IDisposable
{
    private const int Capacity = 256;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int _stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int _dataOffset = _stride - 8;

    private readonly int _descriptor;
    private readonly byte* _ready;

    public Readiness()
    {
        _descriptor = SystemCalls.EpollCreate(SystemCalls.EpollCloseOnExec);
        if (_descriptor < 0)
            throw new InvalidOperationException($"epoll_create1 failed with errno {Marshal.GetLastPInvokeError()}. The load generator runs on Linux only.");
        _ready = (byte*)NativeMemory.AlignedAlloc((nuint)(Capacity * 16), 16);
    }

    public void Add(int socket, int number, bool writable) => Control(SystemCalls.EpollAdd, socket, number, writable);

    public void Change(int socket, int number, bool writable) => Control(SystemCalls.EpollModify, socket, number, writable);

    /// <summary>Returns how many are ready, 0 when the time is over.</summary>
    public int Wait(int milliseconds)
    {
        var count = SystemCalls.EpollWait(_descriptor, _ready, Capacity, milliseconds);
        if (count >= 0)
            return count;
        var error = Marshal.GetLastPInvokeError();
        return error == SystemCalls.InterruptedError ? 0 : throw new InvalidOperationException($"epoll_wait failed with errno {error}.");
    }

    /// <summary>The number of the <paramref name="index"/>th ready socket of the last wait.</summary>
    public int Number(int index) => *(int*)(_ready + index * _stride + _dataOffset);

    public void Dispose()
    {
        _ = SystemCalls.Close(_descriptor);
        NativeMemory.AlignedFree(_ready);
    }

    private void Control(int operation, int socket, int number, bool writable)
    {
        var change = stackalloc byte[16];
        *(uint*)change = SystemCalls.EpollIn | (writable ? SystemCalls.EpollOut : 0);
        *(long*)(change + _dataOffset) = number;
        if (SystemCalls.EpollControl(_descriptor, operation, socket, change) != 0)
            throw new InvalidOperationException($"epoll_ctl failed with errno {Marshal.GetLastPInvokeError()} for socket {socket}.");
    }
}
