using System.Text;
using System.Text.Json;
using CodexOrleans.FakeCodex;

namespace CodexOrleans.Codex.Tests.Events;

public sealed class CodexJsonSpecs
{
    public static TheoryData<string> Recordings => [.. FakeCli.Recordings];

    private static CodexEvent Parse(string line) => CodexJson.Parse(Encoding.UTF8.GetBytes(line));

    private static List<CodexEvent> Read(string recording) =>
        [.. Encoding.UTF8.GetString(FakeCli.Recording(recording)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Every_event_that_the_real_CLI_prints_has_a_type_of_its_own_and_no_unknown_members(string recording)
    {
        foreach (var line in Read(recording))
        {
            Assert.NotEqual(typeof(CodexEvent), line.GetType());
            Assert.Null(line.More);
            if (line is ItemStartedEvent { Item: var started })
                Assert.NotEqual(typeof(CodexItem), started.GetType());
            if (line is ItemCompletedEvent { Item: var completed })
            {
                Assert.NotEqual(typeof(CodexItem), completed.GetType());
                Assert.Null(completed.More);
                Assert.StartsWith("item_", completed.Id, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_whole_session_reads_as_its_items()
    {
        var items = Read("all-items").OfType<ItemCompletedEvent>().Select(e => e.Item).ToList();

        Assert.Equal("I will do it.", Assert.IsType<AgentMessageItem>(items[1]).Text);
        var command = items.OfType<CommandExecutionItem>().Single();
        Assert.Equal((0, "completed"), (command.ExitCode, command.Status));
        Assert.Equal("add", items.OfType<FileChangeItem>().Single().Changes.Single().Kind);
        Assert.False(items.OfType<TodoListItem>().Single().Items.Single().Completed);
        Assert.StartsWith("**Plan**", items.OfType<ReasoningItem>().Single().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_runs_has_no_exit_code()
    {
        var started = Assert.IsType<ItemStartedEvent>(Read("interrupted")[^1]);

        Assert.Null(Assert.IsType<CommandExecutionItem>(started.Item).ExitCode);
    }

    [Fact]
    public void A_web_search_keeps_both_of_its_ids()
    {
        var search = Assert.IsType<WebSearchItem>(Read("web-search").OfType<ItemCompletedEvent>().First().Item);

        Assert.Equal("item_0", search.Id);
        Assert.StartsWith("ws_", search.SearchId, StringComparison.Ordinal);
        Assert.Equal("orleans grains", search.Query);
    }

    [Fact]
    public void A_tool_call_keeps_arguments_and_result_as_JSON()
    {
        var call = Read("mcp-call").OfType<ItemCompletedEvent>().Select(e => e.Item).OfType<McpToolCallItem>().Single();

        Assert.Equal(JsonValueKind.Object, call.Arguments!.Value.ValueKind);
        Assert.True(call.Result!.Value.TryGetProperty("content", out _));
    }

    [Fact]
    public void A_failure_tells_its_message_and_a_code_only_when_the_server_wrote_it()
    {
        var own = Assert.IsType<TurnFailedEvent>(Read("error-401")[^1]);
        var server = Assert.IsType<TurnFailedEvent>(Parse("""{"type":"turn.failed","error":{"message":"m","code":"interrupted"}}"""));

        Assert.StartsWith("unexpected status 401", own.Error.Message, StringComparison.Ordinal);
        Assert.Null(own.Error.Code);
        Assert.Equal(FailureCodes.Interrupted, server.Error.Code);
    }

    [Fact]
    public void The_type_need_not_come_first()
    {
        var line = Parse("""{"item":{"text":"t","id":"item_3","type":"agent_message"},"type":"item.completed"}""");

        var message = Assert.IsType<AgentMessageItem>(Assert.IsType<ItemCompletedEvent>(line).Item);
        Assert.Equal(("item_3", "t"), (message.Id, message.Text));
    }

    [Fact]
    public void An_unknown_event_is_the_base_with_its_type_and_members()
    {
        var line = Parse("""{"type":"turn.paused","until":5}""");

        Assert.Equal(typeof(CodexEvent), line.GetType());
        Assert.Equal("turn.paused", line.Type);
        Assert.Equal(5, line.More!["until"].GetInt32());
    }

    [Fact]
    public void An_unknown_item_is_the_base_with_its_members()
    {
        var item = Assert.IsType<ItemStartedEvent>(Parse("""{"type":"item.started","item":{"id":"item_1","type":"collab_tool_call","agent":"x"}}""")).Item;

        Assert.Equal(typeof(CodexItem), item.GetType());
        Assert.Equal("item_1", item.Id);
        Assert.Equal("x", item.More!["agent"].GetString());
    }

    [Fact]
    public void New_members_of_known_types_are_kept_aside()
    {
        var line = Assert.IsType<TurnStartedEvent>(Parse("""{"type":"turn.started","turn_id":"t"}"""));

        Assert.Equal("t", line.More!["turn_id"].GetString());
    }

    [Theory]
    [InlineData("""{"type":"turn.completed","usage":"none"}""")]
    [InlineData("""{"type":"item.completed","item":[1]}""")]
    [InlineData("""{"type":"error","message":{"text":"t"}}""")]
    [InlineData("""{"type":"error","message":"\ud800"}""")]
    public void Members_of_another_kind_than_expected_give_the_base_type(string line)
    {
        var read = Parse(line);

        Assert.Equal(typeof(CodexEvent), read.GetType());
        Assert.NotEmpty(read.Type);
    }

    [Theory]
    [InlineData("[1,2,3]")]
    [InlineData("{\"item\":{}}")]
    [InlineData("{\"type\":5}")]
    [InlineData("{")]
    [InlineData("")]
    public void What_is_no_event_is_refused(string line)
    {
        Assert.ThrowsAny<JsonException>(() => Parse(line));
    }

    [Fact]
    public void The_servers_own_event_reads_with_its_options()
    {
        var turnId = Guid.CreateVersion7();

        var line = Assert.IsType<TurnSubmittedEvent>(Parse(
            $$"""{"type":"turn.submitted","turn_id":"{{turnId}}","prompt":"hi","options":{"sandbox":"read-only","working_directory":"/w","web_search":"live"},"output_schema":{"type":"object"},"images":["/a.png"]}"""));

        Assert.Equal(turnId, line.TurnId);
        Assert.Equal(SandboxMode.ReadOnly, line.Options.Sandbox);
        Assert.Equal("/w", line.Options.WorkingDirectory);
        Assert.Equal(["/a.png"], line.Images!);
    }
}
