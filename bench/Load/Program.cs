using System.CommandLine;
using CodexOrleans.Load.Commands;

namespace CodexOrleans.Load;

/// <summary>The load generator's table of contents.</summary>
public static class Program
{
    public static int Main(string[] args) => new RootCommand("Measures servers with this project's HTTP API.")
    {
        LoadCommand.Create(),
    }.Parse(args).Invoke();
}
