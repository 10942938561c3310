using System.ComponentModel;
using System.IO.Pipes;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading.Tasks.Sources;

namespace CodexOrleans.Codex.Pipes;

/// <summary>
/// The reading end of a process's pipe, read by system calls instead of the runtime's asynchronous I/O. A read that finds the pipe empty
/// waits for the <see cref="PipePoller"/> and continues on its thread. One read at a time.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class PolledPipe : Stream, IValueTaskSource
{
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;
    private const int TryAgain = 11;
    private const int Interrupted = 4;

    private const int Idle = 0;
    private const int Waiting = 1;

    private readonly SafeHandle _handle;
    private readonly int _descriptor;
    private readonly long _id;
    private ManualResetValueTaskSourceCore<bool> _arrival;
    private int _state;
    private volatile bool _arrived = true;
    private volatile bool _hungUp;
    private int _disposed;

    private PolledPipe(SafeHandle handle)
    {
        _handle = handle;
        var held = false;
        handle.DangerousAddRef(ref held);
        _descriptor = (int)handle.DangerousGetHandle();
        try
        {
            var flags = fcntl(_descriptor, GetFlags, 0);
            if (flags < 0 || fcntl(_descriptor, SetFlags, flags | NonBlocking) < 0)
                throw new IOException($"The pipe could not be made non-blocking (error {Marshal.GetLastPInvokeError()}).");
            _id = PipePoller.Shared.Add(this, _descriptor);
        }
        catch
        {
            handle.DangerousRelease();
            throw;
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">The pipe cannot be made non-blocking.</exception>
    /// <exception cref="Win32Exception">The kernel refuses another watch.</exception>
    public static PolledPipe Over(PipeStream pipe) => new(pipe.SafePipeHandle);

    /// <summary>Reads the available bytes, or waits for some; 0 at the end.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // It tries to read even if the poller has reported nothing, because the poller may be late and a reader waits only 100 ms after the
        // process has ended.
        _arrived = false;
        var count = TryRead(buffer.Span);
        if (count >= 0)
            return new(count);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ReadLater(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This pipe is read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Called by the poller when bytes have arrived or the pipe has ended.</summary>
    internal void Notice(bool hungUp)
    {
        if (hungUp)
            _hungUp = true;
        _arrived = true;
        Complete();
    }

    void IValueTaskSource.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            PipePoller.Shared.Remove(_id, _descriptor);
            _handle.DangerousRelease();
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadLater(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            using (Wait(cancellationToken))
                await new ValueTask(this, _arrival.Version).ConfigureAwait(false);
            _arrived = false;
            var count = TryRead(buffer.Span);
            if (count >= 0)
                return count;
        }
    }

    /// <summary>
    /// Begins a wait. Whichever sets the state back from waiting completes it: the poller, the cancellation, or this call if bytes arrived
    /// before it began.
    /// </summary>
    private CancellationTokenRegistration Wait(CancellationToken cancellationToken)
    {
        _arrival.Reset();
        Interlocked.Exchange(ref _state, Waiting);
        if (!_arrived && !_hungUp)
            return cancellationToken.UnsafeRegister(static (pipe, token) => ((PolledPipe)pipe!).Cancel(token), this);
        Complete();
        return default;
    }

    private void Complete()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            _arrival.SetResult(true);
    }

    private void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            _arrival.SetException(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Bytes read, 0 at the end, -1 when the pipe is empty.</summary>
    private int TryRead(Span<byte> buffer)
    {
        while (true)
        {
            var count = read(_descriptor, ref MemoryMarshal.GetReference(buffer), buffer.Length);
            if (count >= 0)
                return (int)count;
            switch (Marshal.GetLastPInvokeError())
            {
                case TryAgain:
                    return -1;
                case Interrupted:
                    continue;
                case var error:
                    throw new IOException($"The pipe cannot be read (error {error}).");
            }
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern nint read(int descriptor, ref byte buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(int descriptor, int command, int argument);
}
