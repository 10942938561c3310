using System.CommandLine;
using System.Data.Common;
using CodexOrleans.Load.Commands;

namespace CodexOrleans.Load;

/// <summary>The load generator's table of contents.</summary>
public static class Program
{
    // The servers that a run has started end first.
    private static readonly TimeSpan _endPatience = TimeSpan.FromMinutes(1);

    public static async Task<int> Main(string[] args)
    {
        var root = new RootCommand("Measures servers with this project's HTTP API.")
        {
            LoadCommand.Create(),
            CompareCommand.Create(),
            RealCommand.Create(),
            ShapeCommand.Create(),
            SoakCommand.Create(),
            ClusterCommand.Create(),
            FailoverCommand.Create(),
            DemoModelCommand.Create(),
        };
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = _endPatience });
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IOException or DbException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }
}
