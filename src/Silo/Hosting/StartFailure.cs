using System.Net.Sockets;
using CodexOrleans.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo.Hosting;

/// <summary>The server may not start as it is configured. The message is for the operator: what, why, what to do next.</summary>
public sealed class StartRefusedException(string message) : Exception(message);

/// <summary>Turns what an operator can mend into one message and exit code 1; anything else crashes with its stack trace.</summary>
public static class StartFailure
{
    /// <returns>The process's exit code.</returns>
    public static async Task<int> Report(Func<Task> run)
    {
        try
        {
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
            // One part's problem is also that of each part that builds on it.
            string.Join(Environment.NewLine, all.InnerExceptions.Select(Explain).Distinct()),
        IOException { InnerException: AddressInUseException } =>
            $"{e.Message} Stop the server that has it, or choose another address with --urls.",
        // The web server wraps its own; this one is the silo's.
        AddressInUseException => "A port for the other nodes is taken. Stop the node that has it, or choose another one with Cluster:SiloPort or Cluster:GatewayPort; 0 takes a free one for Cluster:SiloPort.",
        SocketException => $"The server cannot listen on its address: {e.Message} Choose another one with --urls.",
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => e.Message,
        _ => null,
    };
}
