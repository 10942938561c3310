using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace CodexOrleans.Load.Sockets;

/// <summary>What came out of a receive or send.</summary>
internal enum Transfer
{
    Done,
    WouldBlock,
    Closed,
}

/// <summary>A non-blocking IPv4 connection.</summary>
internal sealed unsafe class TcpConnection : IDisposable
{
    private const int AddressLength = 16;

    private TcpConnection(int socket, bool connected)
    {
        Socket = socket;
        Connected = connected;
    }

    public int Socket { get; private set; }

    /// <summary>False while the handshake is under way; writable means it is over.</summary>
    public bool Connected { get; set; }

    /// <summary>errno of the last transfer that ended as <see cref="Transfer.Closed"/>, 0 when the peer closed in order.</summary>
    public int Error { get; private set; }

    public static TcpConnection Open(IPEndPoint endpoint)
    {
        var socket = SystemCalls.Socket(SystemCalls.AddressFamilyInet, SystemCalls.StreamNonBlockingCloseOnExec, 0);
        if (socket < 0)
            throw new InvalidOperationException($"No socket: errno {Marshal.GetLastPInvokeError()}. With 24 raise the limit of open files (ulimit -n).");
        var one = 1;
        _ = SystemCalls.SetSocketOption(socket, SystemCalls.ProtocolTcp, SystemCalls.OptionNoDelay, &one, sizeof(int));

        var address = stackalloc byte[AddressLength];
        new Span<byte>(address, AddressLength).Clear();
        *(ushort*)address = SystemCalls.AddressFamilyInet;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(new Span<byte>(address + 4, 4), out _);
        if (SystemCalls.Connect(socket, address, AddressLength) == 0)
            return new TcpConnection(socket, connected: true);
        var error = Marshal.GetLastPInvokeError();
        if (error == SystemCalls.InProgressError)
            return new TcpConnection(socket, connected: false);
        _ = SystemCalls.Close(socket);
        throw new IOException($"No connection to {endpoint}: errno {error}.");
    }

    public Transfer Receive(byte* buffer, int length, out int received)
    {
        var count = SystemCalls.Receive(Socket, buffer, length, 0);
        received = (int)count;
        return Outcome(count);
    }

    public Transfer Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        fixed (byte* first = bytes)
        {
            var count = SystemCalls.Send(Socket, first, bytes.Length, SystemCalls.NoSignal);
            sent = (int)count;
            return Outcome(count);
        }
    }

    public void Dispose()
    {
        if (Socket < 0)
            return;
        _ = SystemCalls.Close(Socket);
        Socket = -1;
    }

    private Transfer Outcome(nint count)
    {
        if (count > 0)
            return Transfer.Done;
        Error = count == 0 ? 0 : Marshal.GetLastPInvokeError();
        return count < 0 && Error is SystemCalls.AgainError or SystemCalls.InterruptedError ? Transfer.WouldBlock : Transfer.Closed;
    }
}
