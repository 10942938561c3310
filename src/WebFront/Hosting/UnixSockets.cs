using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CodexOrleans.Silo.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>
/// Listens on <c>http://unix:/path/to.sock</c>: takes the place of a socket that a killed server has left, and lets in whom
/// <see cref="ServerOptions.UnixSocketMode"/> says.
/// </summary>
internal static class UnixSockets
{
    // Of Linux' statx, whose result is laid out alike on all processors.
    private const int CurrentFolder = -100, NoFollow = 0x100, TypeOnly = 1, ModeOffset = 28, TypeOfMode = 0xF000, IsASocket = 0xC000;

    /// <summary>A socket that is bound and not listened on yet: until then nobody gets in, whatever its mode is.</summary>
    public static Socket Bind(EndPoint endpoint, UnixFileMode mode)
    {
        if (endpoint is not UnixDomainSocketEndPoint || endpoint.ToString() is not ['/', ..] path)
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw Refuse(path, "its folder does not exist. Create it");
        MakeWay(path, endpoint);
        Socket socket;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException e)
        {
            throw Refuse(path, $"{e.Message.TrimEnd('.')}. Give this user write access to its folder");
        }

        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
        return socket;
    }

    /// <summary>Removes what a server that was killed has left. Nothing but a socket on which nobody listens is removed.</summary>
    private static void MakeWay(string path, EndPoint endpoint)
    {
        if (!File.Exists(path) && !Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
            return;
        // Elsewhere the attempt to connect fails in another way.
        if (OperatingSystem.IsLinux() && !IsSocket(path))
            throw Refuse(path, "there is something that is not a socket. Remove it");
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            probe.Connect(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            try
            {
                File.Delete(path);
                return;
            }
            catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
            {
                throw Refuse(path, "a server that was killed has left it, and this user may not remove it. Remove it");
            }
        }
        catch (SocketException e)
        {
            throw Refuse(path, $"it is there, and whether somebody listens on it cannot be found out: {e.Message.TrimEnd('.')}. Remove it");
        }

        throw Refuse(path, "another server listens on it. Stop that server");
    }

    private static StartRefusedException Refuse(string path, string why) =>
        new($"The server cannot listen on the socket '{path}': {why}, or choose another address with --urls.");

    private static bool IsSocket(string path)
    {
        var status = new byte[256];
        return StatX(CurrentFolder, path, NoFollow, TypeOnly, status) == 0
            && (BitConverter.ToUInt16(status, ModeOffset) & TypeOfMode) == IsASocket;
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] status);
}
