using System.Text.Json;

namespace CodexOrleans.TestSupport;

/// <summary>A real MCP server over standard input and output, in Node: one tool, <c>echo</c>, which fails for the text "fail".</summary>
public static class TinyMcpServer
{
    private static string Script => Path.Combine(Repository.Root, "tests", "TestSupport", "tiny-mcp-server.mjs");

    /// <summary>Settings for the CLI's configuration, as <see cref="CodexHome"/> takes them: the server is called <c>tiny</c>.</summary>
    /// <remarks>Required, so that the CLI waits for it: on a busy machine the model would be asked before the tool is there.</remarks>
    public static string Configuration => $"mcp_servers.tiny = {{ command = \"node\", args = [{JsonSerializer.Serialize(Script)}], required = true, startup_timeout_sec = 60 }}";
}
