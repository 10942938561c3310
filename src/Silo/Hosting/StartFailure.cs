using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo.Hosting;

/// <summary>The server may not start as it is configured. The message is for the operator: what, why, what to do next.</summary>
public sealed class StartRefusedException(string message) : Exception(message);

/// <summary>Turns what an operator can mend into one message and exit code 1; anything else crashes with its stack trace.</summary>
public static class StartFailure
{
    private const string Correct = "Correct it where it is set: on the command line, in the environment or in appsettings.json.";

    private const string AnotherAddress = "Choose another one with --urls, for the other nodes with Cluster:Address.";

    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel.Core";

    /// <summary>Least limit of open files: an idle server already has more than 300.</summary>
    private const int FewestOpenFiles = 512;

    /// <returns>The process's exit code.</returns>
    public static async Task<int> Report(Func<Task> run)
    {
        try
        {
            // This comes first: below the limit the runtime cannot load further assemblies and reports them as missing.
            EnsureOpenFiles();
            await run();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } message)
        {
            await Console.Error.WriteLineAsync(message);
            return 1;
        }
    }

    private static string? Explain(Exception e) => e switch
    {
        StartRefusedException or StorageException => e.Message,
        OptionsValidationException invalid => string.Join(Environment.NewLine, invalid.Failures),
        AggregateException all when all.InnerExceptions.All(inner => Explain(inner) is not null) =>
            // The same problem is reported by each part that depends on the failed one.
            string.Join(Environment.NewLine, all.InnerExceptions.Select(Explain).Distinct()),
        TargetInvocationException or TypeInitializationException when e.InnerException is { } inner => Explain(inner),
        IOException { InnerException: AddressInUseException } =>
            $"{e.Message} Stop the server that has it, or choose another address with --urls.",
        // Kestrel wraps this exception in an IOException; unwrapped it is the silo's.
        AddressInUseException =>
            "A port for the other nodes is taken. Stop the node that has it, or choose another one with Cluster:SiloPort or " +
            "Cluster:GatewayPort; 0 takes a free one for Cluster:SiloPort.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "The server may not listen on its address: ports below 1024 are the system's. Choose another one with --urls, or give this " +
            "user the capability CAP_NET_BIND_SERVICE.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            $"The server cannot listen on its address, which is none of this machine's. {AnotherAddress}",
        SocketException => $"The server cannot listen on its address: {MessageOf(e)}. {AnotherAddress}",
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => $"{MessageOf(e)}. {Correct}",
        InvalidDataException when e.Message.StartsWith("Failed to load configuration", StringComparison.Ordinal) =>
            $"{MessageOf(e)}: {MessageOf(e.GetBaseException())}. Correct the file, and see that this user may read it.",
        InvalidOperationException { Source: Kestrel } when e.Message.Contains("certificate", StringComparison.Ordinal) =>
            "An https address needs a certificate: set Kestrel:Certificates:Default:Path (and Password or KeyPath), or put a TLS proxy " +
            "before an http address.",
        // The section Kestrel has a bad value; the message names it.
        InvalidOperationException { Source: Kestrel } or FormatException { Source: "Microsoft.AspNetCore.Http" } =>
            $"{MessageOf(e)}. {Correct}",
        CryptographicException =>
            $"A certificate or its key cannot be read: {MessageOf(e)}. See to the files and passwords that section Kestrel names.",
        IOException when FullDisk.IsCauseOf(e) =>
            $"No space is left on a disk that the server needs: {MessageOf(e)}. Free some and start it again.",
        // An assembly is missing: the program is damaged, which no setting can mend.
        FileNotFoundException or FileLoadException when e.Message.Contains("assembly", StringComparison.Ordinal) => null,
        IOException or UnauthorizedAccessException =>
            $"The server needs a file that it cannot use: {MessageOf(e)}. See that it exists and that this user has access to it.",
        _ => null,
    };

    private static string MessageOf(Exception e) => e.Message.TrimEnd('.', ' ', '\n');

    /// <exception cref="StartRefusedException">The process may not hold as many files open as a server needs.</exception>
    private static void EnsureOpenFiles()
    {
        const string limits = "/proc/self/limits";
        if (!File.Exists(limits))
            return;
        var line = File.ReadLines(limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is [var now, ..] && int.TryParse(now, CultureInfo.InvariantCulture, out var files) && files < FewestOpenFiles)
        {
            throw new StartRefusedException(
                $"The server may hold {files} files open, and needs {FewestOpenFiles} at least, a few more for each turn and client. " +
                "Raise the limit: 'ulimit -n 65536', or LimitNOFILE= in systemd.");
        }
    }
}
