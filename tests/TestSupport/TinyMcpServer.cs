using System.Text.Json;

namespace CodexOrleans.TestSupport;

/// <summary>A real MCP server over standard input and output, in Node: one tool, <c>echo</c>, which fails for the text "fail".</summary>
public static class TinyMcpServer
{
    private static string Script => Path.Combine(Repository.Root, "tests", "TestSupport", "tiny-mcp-server.mjs");

    /// <summary>Settings for the CLI's configuration, as <see cref="CodexHome"/> takes them: the server is called <c>tiny</c>.</summary>
    public static string Configuration => $"mcp_servers.tiny = {{ command = \"node\", args = [{JsonSerializer.Serialize(Script)}] }}";
}
