using System.Text.Json;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>A script says what it wants in the words of the tools that the request offers.</summary>
public sealed class ToolSpecs(ModelFixture fixture)
{
    [Theory]
    [InlineData("exec_command", """{"cmd":"ls"}""")]
    [InlineData("shell_command", """{"command":"ls"}""")]
    [InlineData("shell", """{"command":["bash","-lc","ls"]}""")]
    public async Task A_command_goes_to_the_shell_tool_there_is(string tool, string arguments)
    {
        var call = await Call("SCENARIO:shell CMD=ls", Function(tool));
        Assert.Equal("function_call", call.GetProperty("type").GetString());
        Assert.Equal(tool, call.GetProperty("name").GetString());
        Assert.Equal(arguments, call.GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task A_patch_is_text_for_a_custom_tool()
    {
        var call = await Call("SCENARIO:patch", Function("exec_command"), new { type = "custom", name = "apply_patch" });
        Assert.Equal("custom_tool_call", call.GetProperty("type").GetString());
        Assert.StartsWith("*** Begin Patch\n", call.GetProperty("input").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_is_JSON_for_a_function()
    {
        var call = await Call("SCENARIO:patch", Function("apply_patch"));
        var arguments = JsonElement.Parse(call.GetProperty("arguments").GetString()!);
        Assert.StartsWith("*** Begin Patch\n", arguments.GetProperty("input").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_patch_tool_the_shell_applies_it()
    {
        var call = await Call("SCENARIO:patch", Function("exec_command"));
        var arguments = JsonElement.Parse(call.GetProperty("arguments").GetString()!);
        Assert.StartsWith("apply_patch <<'PATCH'\n*** Begin Patch\n", arguments.GetProperty("cmd").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_in_a_namespace_is_called_there()
    {
        var call = await Call("SCENARIO:mcp TOOL=mcp__tiny__echo", new { type = "namespace", name = "mcp__tiny", tools = new[] { Function("echo") } });
        Assert.Equal("mcp__tiny", call.GetProperty("namespace").GetString());
        Assert.Equal("echo", call.GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_interpreter_gets_all_calls_in_one_script()
    {
        var call = await Call("SCENARIO:shells CMD=ls;;pwd", new { type = "namespace", name = "functions", tools = new[] { new { type = "custom", name = "exec" } } });
        Assert.Equal("custom_tool_call", call.GetProperty("type").GetString());
        Assert.Equal("functions", call.GetProperty("namespace").GetString());
        Assert.Contains("""[tools.exec_command({"cmd":"ls"}), tools.exec_command({"cmd":"pwd"})]""", call.GetProperty("input").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_place_in_a_script_is_the_number_of_tool_outputs()
    {
        using var client = new ResponsesClient(fixture.Model);
        var events = await client.Events(ResponsesClient.Request("SCENARIO:shell N=2", [Function("exec_command")], "first", "Chunk ID: 1\nOutput:\nsecond"));
        var message = Assert.Single(Output(events));
        Assert.Equal("Done. The tool said:\n\nsecond", message.GetProperty("content")[0].GetProperty("text").GetString());
    }

    private static object Function(string name) => new { type = "function", name };

    private static JsonElement[] Output(List<JsonElement> events) => [.. events[^1].GetProperty("response").GetProperty("output").EnumerateArray()];

    private async Task<JsonElement> Call(string prompt, params object[] tools)
    {
        using var client = new ResponsesClient(fixture.Model);
        return Assert.Single(Output(await client.Events(ResponsesClient.Request(prompt, tools))));
    }
}
