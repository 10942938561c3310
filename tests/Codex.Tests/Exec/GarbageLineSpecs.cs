using System.Text;
using System.Text.Json;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Tests.Support;

namespace CodexOrleans.Codex.Tests.Exec;

/// <summary>What a CLI may print instead of events, byte by byte.</summary>
public sealed class GarbageLineSpecs
{
    private readonly EventBlockBuilder _output = new();
    private readonly TurnTranscript _transcript = new(Guid.CreateVersion7(), null, new TokenUsage());

    private string[] Accept(ReadOnlySpan<byte> lines)
    {
        _transcript.Accept(lines.ToArray(), _output);
        return _output.Build(null, _transcript.Outcome) is { } block ? TurnReading.LinesOf(block) : [];
    }

    private string[] Accept(string lines) => Accept(Encoding.UTF8.GetBytes(lines));

    [Theory]
    [InlineData("Hello world", "not JSON")]
    [InlineData("{\"type\":\"turn.started\"", "not JSON")]
    [InlineData("{\"type\":\"turn.started\"} trailing", "not JSON")]
    [InlineData("{\"type\":\"a\"}{\"type\":\"b\"}", "not JSON")]
    [InlineData("[1,2,3]", "not an object")]
    [InlineData("[1,2", "not JSON")]
    [InlineData("null", "not an object")]
    [InlineData("42", "not an object")]
    [InlineData("\"text\"", "not an object")]
    [InlineData("{}", "without a string \"type\"")]
    [InlineData("{\"type\":5}", "without a string \"type\"")]
    [InlineData("{\"type\":{\"type\":\"x\"}}", "without a string \"type\"")]
    public void A_line_that_is_no_event_becomes_an_error_item_that_says_what_it_was(string garbage, string reason)
    {
        var item = JsonDocument.Parse(Assert.Single(Accept(garbage + "\n"))).RootElement;

        Assert.Equal("item.completed", item.GetProperty("type").GetString());
        Assert.Equal("error", item.GetProperty("item").GetProperty("type").GetString());
        var message = item.GetProperty("item").GetProperty("message").GetString();
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains(garbage, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_around_garbage_pass_in_order()
    {
        var lines = Accept("{\"type\":\"a\"}\ngarbage\n{\"type\":\"b\"}\n{\"type\":\"c\"}\n");

        Assert.Equal(["{\"type\":\"a\"}", "{\"type\":\"b\"}", "{\"type\":\"c\"}"], [lines[0], lines[2], lines[3]]);
        Assert.Contains("garbage", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_become_an_error_item_in_valid_UTF8()
    {
        var lines = Accept([.. "{\"type\":\"a\",\"text\":\""u8, 0xff, 0xfe, .. "\"}\n{\"type\":\"b\"}\n"u8]);

        Assert.Equal(2, lines.Length);
        Assert.Contains("not valid UTF-8", lines[0], StringComparison.Ordinal);
        Assert.Equal("{\"type\":\"b\"}", lines[1]);
    }

    [Fact]
    public void Only_a_short_printable_piece_of_garbage_is_shown()
    {
        var line = Assert.Single(Accept("\u001b[31m\0\u0007" + new string('x', 100_000) + "\n"));

        Assert.True(line.Length < 600);
        Assert.DoesNotContain("\\u001b", line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\\u0000", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_ids_of_error_items_differ_from_each_other_and_from_the_CLIs()
    {
        var ids = Accept("x\ny\n").Select(l => JsonDocument.Parse(l).RootElement.GetProperty("item").GetProperty("id").GetString()!).ToList();

        Assert.Equal(2, ids.Distinct().Count());
        Assert.DoesNotContain(ids, id => id.StartsWith("item_", StringComparison.Ordinal));
    }

    [Fact]
    public void A_flood_of_garbage_is_shown_in_part_and_counted_at_the_end()
    {
        Assert.Equal(20, Accept(string.Concat(Enumerable.Repeat("noise\n", 5_000))).Length);

        var end = Accept("{\"type\":\"turn.completed\"}\n");

        Assert.Equal(2, end.Length);
        Assert.Contains("4980 further lines", end[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"type\":\"a\"}\r\n", "{\"type\":\"a\"}")]
    [InlineData("{\"type\":\"a\"}\r\r\n", "{\"type\":\"a\"}")]
    [InlineData("{\r\"type\":\r\"a\"}\n", "{ \"type\": \"a\"}")]
    public void A_carriage_return_never_goes_on(string line, string expected)
    {
        Assert.Equal([expected], Accept(line));
    }

    [Fact]
    public void A_carriage_return_before_an_item_does_not_shift_what_is_closed()
    {
        Accept("{\"type\":\"item.started\",\r\"item\":{\"id\":\"i\",\r\"status\":\"in_progress\"}}\r\n");

        Assert.Equal("{\"type\":\"item.completed\",\"item\":{\"id\":\"i\", \"status\":\"failed\"}}", Accept("{\"type\":\"turn.completed\"}\n")[0]);
    }

    [Fact]
    public void A_carriage_return_inside_a_string_is_garbage()
    {
        Assert.Contains("not JSON", Assert.Single(Accept("{\"type\":\"a\rb\"}\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Blank_lines_are_skipped()
    {
        Assert.Equal(["{\"type\":\"a\"}"], Accept("\n  \n\r\n\t\n{\"type\":\"a\"}\n\n"));
    }
}
