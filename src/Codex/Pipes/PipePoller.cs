using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CodexOrleans.Codex.Pipes;

/// <summary>
/// One thread that waits for the pipes of all running CLIs and continues their readers. The runtime's own asynchronous reads cost an event
/// two more thread switches and a second system call.
/// </summary>
/// <remarks>Readers run on this thread: they must be quick and never block.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class PipePoller
{
    private const int CloseOnExec = 0x80000;
    private const int ControlAdd = 1;
    private const int ControlRemove = 2;
    private const uint Readable = 1;
    private const uint HungUpReading = 0x2000;
    private const uint EdgeTriggered = 1u << 31;
    private const int EventsAtOnce = 256;

    // The kernel packs epoll_event (a mask of 32 bits, our id of 64) on x64 only.
    private static readonly int _idOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int _eventSize = _idOffset + 8;

    private static readonly Lazy<PipePoller> _shared = new(() => new PipePoller());

    private readonly ConcurrentDictionary<long, PolledPipe> _pipes = new();
    private readonly int _epoll;
    private long _lastId;

    private PipePoller()
    {
        _epoll = epoll_create1(CloseOnExec);
        if (_epoll < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_create1 failed");
        new Thread(Run) { Name = "Pipe reader", IsBackground = true }.Start();
    }

    /// <summary>The poller of this process; its thread starts with the first use and runs until the process ends.</summary>
    public static PipePoller Shared => _shared.Value;

    /// <summary>Begins to watch a pipe. It is reported once at the beginning, and then whenever something has come since.</summary>
    /// <returns>The id for <see cref="Remove"/>.</returns>
    public long Add(PolledPipe pipe, int descriptor)
    {
        var id = Interlocked.Increment(ref _lastId);
        _pipes[id] = pipe;
        if (Watch(descriptor, id))
            return id;
        _pipes.TryRemove(id, out _);
        throw new Win32Exception(Marshal.GetLastPInvokeError(), "epoll_ctl failed");
    }

    /// <summary>Stops watching a pipe. Must be called before its descriptor is closed.</summary>
    public void Remove(long id, int descriptor)
    {
        _pipes.TryRemove(id, out _);
        Unwatch(descriptor);
    }

    private unsafe bool Watch(int descriptor, long id)
    {
        var interest = stackalloc byte[16];
        *(uint*)interest = Readable | HungUpReading | EdgeTriggered;
        *(long*)(interest + _idOffset) = id;
        return epoll_ctl(_epoll, ControlAdd, descriptor, interest) == 0;
    }

    private unsafe void Unwatch(int descriptor)
    {
        var ignored = stackalloc byte[16];
        _ = epoll_ctl(_epoll, ControlRemove, descriptor, ignored);
    }

    private unsafe void Run()
    {
        var events = stackalloc byte[EventsAtOnce * 16];
        while (true)
        {
            // A negative count means an interrupted wait: with valid arguments there is no other failure.
            var count = epoll_wait(_epoll, events, EventsAtOnce, -1);
            for (var i = 0; i < count; i++)
            {
                var what = events + i * _eventSize;
                if (_pipes.TryGetValue(*(long*)(what + _idOffset), out var pipe))
                    pipe.Notice(hungUp: (*(uint*)what & ~(Readable | EdgeTriggered)) != 0);
            }
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe int epoll_ctl(int epoll, int operation, int descriptor, byte* interest);

    [DllImport("libc")]
    private static extern unsafe int epoll_wait(int epoll, byte* events, int maxEvents, int timeout);
}
