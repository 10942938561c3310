using System.Text;
using System.Text.Json;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.FakeCodex;

namespace CodexOrleans.Codex.Tests.Exec;

public sealed class TurnTranscriptSpecs
{
    private const string Session = "01a20000-0000-7000-8000-000000000001";
    private const string Completed = """{"type":"turn.completed","usage":{"input_tokens":10}}""";

    private readonly Guid _threadId = Guid.CreateVersion7();
    private readonly EventBlockBuilder _output = new();

    public static TheoryData<string> CompleteRecordings => [.. FakeCli.Recordings.Where(r => r is not "interrupted" and not "long-command")];

    private TurnTranscript Transcript(string? resumes = null, TokenUsage? before = null) => new(_threadId, resumes, before ?? new TokenUsage());

    private string[] Accept(TurnTranscript transcript, params string[] lines) => Accept(transcript, Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));

    private string[] Accept(TurnTranscript transcript, byte[] lines)
    {
        transcript.Accept(lines, _output);
        return _output.Build(null, transcript.Outcome) is { } block ? TurnReading.LinesOf(block) : [];
    }

    private string[] Fail(TurnTranscript transcript)
    {
        transcript.Fail(TurnStatus.Interrupted, FailureCodes.Interrupted, "The turn was interrupted.", _output);
        return TurnReading.LinesOf(_output.Build(null, transcript.Outcome)!);
    }

    private static JsonElement Item(string line) => JsonDocument.Parse(line).RootElement.GetProperty("item");

    [Theory]
    [MemberData(nameof(CompleteRecordings))]
    public void A_recorded_session_passes_byte_for_byte_but_for_the_thread_id(string recording)
    {
        var text = Encoding.UTF8.GetString(FakeCli.Recording(recording));
        var id = JsonDocument.Parse(text.Split('\n')[0]).RootElement.GetProperty("thread_id").GetString()!;
        var transcript = Transcript();

        var lines = Accept(transcript, Encoding.UTF8.GetBytes(text));

        Assert.Equal(text.Replace(id, _threadId.ToString(), StringComparison.Ordinal).TrimEnd('\n').Split('\n'), lines);
        Assert.Equal(id, transcript.CodexThreadId);
        Assert.NotNull(transcript.Outcome);
        Assert.Null(transcript.Outcome.ErrorCode);
    }

    [Fact]
    public void Ordinary_lines_go_on_as_one_piece_of_the_same_bytes()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"type\":\"turn.started\"}\n{\"type\":\"x\", \"a\" : [1,\"ä\"]}\n");

        Transcript().Accept(bytes, _output);

        Assert.Equal(bytes, _output.Build(null, null)!.Lines);
    }

    public static TheoryData<string> LinesWithUnicodeBreaks =>
    [
        """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"a<NEL>b<LS>c<PS>d"}}""",
        """{"type":"item.started","item":{"id":"item_0<LS>","type":"command_execution","command":"<PS>","status":"in_progress"}}""",
        """{"type":"thread.started","thread_id":"01a20000-0000-7000-8000-000000000001","x":"<LS><LS><NEL>"}""",
        """{"type":"later","<PS>":["\\<NEL>“quoted” – grüße £ 🚀<LS>"]}""",
        """{"type":"turn.failed","error":{"message":"first<LS>second"}}""",
    ];

    [Theory]
    [MemberData(nameof(LinesWithUnicodeBreaks))]
    public void Line_breaks_of_Unicode_are_escaped_and_nothing_else_is_changed(string template)
    {
        string With(string nel, string ls, string ps) =>
            template.Replace("<NEL>", nel, StringComparison.Ordinal)
                .Replace("<LS>", ls, StringComparison.Ordinal)
                .Replace("<PS>", ps, StringComparison.Ordinal);

        var lines = Accept(Transcript(), """{"type":"turn.started"}""", With("\u0085", "\u2028", "\u2029"), """{"type":"later"}""");

        var expected = With("\\u0085", "\\u2028", "\\u2029").Replace(Session, _threadId.ToString(), StringComparison.Ordinal);
        Assert.Equal("""{"type":"turn.started"}""", lines[0]);
        Assert.Equal(expected, lines[1]);
        Assert.DoesNotContain(string.Concat(lines), c => c is '\u0085' or '\u2028' or '\u2029');
    }

    [Fact]
    public void An_open_item_is_closed_without_line_breaks_of_Unicode()
    {
        var transcript = Transcript();
        const string list = """{"id":"item_0","type":"todo_list","items":[{"text":"a<LS>b"}]}""";
        Accept(transcript, $$"""{"type":"item.started","item":{{list.Replace("<LS>", "\u2028", StringComparison.Ordinal)}}}""");

        Assert.Equal(
            """{"type":"item.completed","item":{"id":"item_0","type":"todo_list","items":[{"text":"a\u2028b"}]}}""",
            Fail(transcript)[0]);
    }

    [Fact]
    public void The_servers_own_lines_have_no_line_breaks_of_Unicode()
    {
        const string breaks = "a\u0085b\u2028c\u2029d";
        using var schema = JsonDocument.Parse($$"""{"title":"{{breaks}}"}""");
        var options = new ThreadOptions { Model = breaks, WorkingDirectory = breaks };

        var submitted = ServerLines.TurnSubmitted(
            Guid.CreateVersion7(), breaks, options, schema.RootElement.GetRawText(), [breaks]);
        foreach (var line in (byte[][])[submitted, ServerLines.TurnFailed("code", breaks), ServerLines.ErrorItem(1, breaks)])
        {
            Assert.DoesNotContain(Encoding.UTF8.GetString(line), c => c is '\u0085' or '\u2028' or '\u2029');
            Assert.Contains("a\\u0085b\\u2028c\\u2029d", Encoding.UTF8.GetString(line), StringComparison.Ordinal);
        }

        Assert.DoesNotContain('\u2028', Encoding.UTF8.GetString(ServerLines.ErrorItem(1, ServerLines.Excerpt("no event \u2028"u8))));
    }

    [Fact]
    public void An_item_open_at_the_end_is_completed_as_failed_before_the_terminal_event()
    {
        var transcript = Transcript();

        var lines = Accept(transcript, FakeCli.Recording("long-command"));

        Assert.Equal(6, lines.Length);
        Assert.StartsWith("{\"type\":\"turn.completed\"", lines[5], StringComparison.Ordinal);
        Assert.Equal(
            """{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'sleep 31345; echo'","aggregated_output":"","exit_code":null,"status":"failed"}}""",
            lines[4]);
    }

    [Fact]
    public void Open_items_are_closed_in_their_last_known_state_in_the_order_they_were_started()
    {
        var transcript = Transcript();
        Accept(
            transcript,
            """{"type":"item.started","item":{"id":"item_0","type":"todo_list","items":[{"text":"a","completed":false}]}}""",
            """{"type":"item.started","item":{"id":"item_1","type":"mcp_tool_call","arguments":{"status":"in_progress","id":"x"},"status":"in_progress"}}""",
            """{"type":"item.updated","item":{"id":"item_0","type":"todo_list","items":[{"text":"a","completed":true}]}}""");

        var lines = Fail(transcript);

        Assert.Equal(
            [
                """{"type":"item.completed","item":{"id":"item_0","type":"todo_list","items":[{"text":"a","completed":true}]}}""",
                """{"type":"item.completed","item":{"id":"item_1","type":"mcp_tool_call","arguments":{"status":"in_progress","id":"x"},"status":"failed"}}""",
                """{"type":"turn.failed","error":{"message":"The turn was interrupted.","code":"interrupted"}}""",
            ],
            lines);
    }

    [Fact]
    public void A_web_search_with_two_ids_is_one_item()
    {
        var transcript = Transcript();
        var recorded = Encoding.UTF8.GetString(FakeCli.Recording("web-search")).Split('\n');

        Accept(transcript, recorded[2]);
        Accept(transcript, recorded[3]);

        Assert.Single(Fail(transcript));
    }

    [Fact]
    public void An_open_web_search_is_closed_with_both_of_its_ids()
    {
        var transcript = Transcript();
        Accept(transcript, Encoding.UTF8.GetString(FakeCli.Recording("web-search")).Split('\n')[2]);

        Assert.Equal(
            """{"type":"item.completed","item":{"id":"item_0","type":"web_search","id":"ws_3be5410f5132557798bb4822","query":"","action":{"type":"other"}}}""",
            Fail(transcript)[0]);
    }

    [Fact]
    public void A_top_level_error_is_not_the_end()
    {
        var transcript = Transcript();

        Accept(transcript, """{"type":"error","message":"Reconnecting... 1/2"}""");

        Assert.Null(transcript.Outcome);
    }

    [Fact]
    public void Lines_after_the_terminal_event_are_dropped()
    {
        var transcript = Transcript();

        var lines = Accept(transcript, Completed, """{"type":"turn.failed","error":{"message":"x"}}""", "garbage");

        Assert.Equal([Completed], lines);
        Assert.Equal(TurnStatus.Completed, transcript.Outcome!.Status);
        Assert.True(transcript.LinesAfterEnd);
    }

    [Fact]
    public void The_servers_own_end_comes_only_when_there_was_none()
    {
        var transcript = Transcript();
        Accept(transcript, Completed);

        transcript.Fail(TurnStatus.Failed, FailureCodes.CodexExited, "late", _output);

        Assert.Null(_output.Build(null, null));
        Assert.Equal(TurnStatus.Completed, transcript.Outcome!.Status);
    }

    [Fact]
    public void A_resumed_session_must_be_the_one_that_was_asked_for()
    {
        var transcript = Transcript(resumes: "01a20000-0000-7000-8000-0000000000ff");

        var lines = Accept(transcript, $$"""{"type":"thread.started","thread_id":"{{Session}}"}""", """{"type":"turn.started"}""");

        Assert.Contains("\"code\":\"resume_mismatch\"", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Equal(FailureCodes.ResumeMismatch, transcript.Outcome!.ErrorCode);
    }

    [Fact]
    public void A_resumed_session_may_be_spelled_in_capitals()
    {
        var transcript = Transcript(resumes: Session.ToUpperInvariant());

        Accept(transcript, $$"""{"type":"thread.started","thread_id":"{{Session}}"}""");

        Assert.Null(transcript.Outcome);
    }

    [Theory]
    [InlineData(123, 100, 23)]
    [InlineData(123, 0, 123)]
    [InlineData(50, 100, 50)]
    public void Own_tokens_are_what_was_added_and_never_negative(long cumulative, long before, long own)
    {
        var transcript = Transcript(before: new TokenUsage { InputTokens = before });

        Accept(transcript, $$$"""{"type":"turn.completed","usage":{"input_tokens":{{{cumulative}}},"output_tokens":1}}""");

        Assert.Equal(own, transcript.Outcome!.Usage!.InputTokens);
        Assert.Equal(cumulative, transcript.Outcome.CumulativeUsage!.InputTokens);
    }

    [Theory]
    [InlineData("""{"type":"turn.completed"}""")]
    [InlineData("""{"type":"turn.completed","usage":null}""")]
    public void A_turn_without_usage_has_none(string line)
    {
        var transcript = Transcript();

        Accept(transcript, line);

        Assert.Equal(TurnStatus.Completed, transcript.Outcome!.Status);
        Assert.Null(transcript.Outcome.Usage);
    }

    [Fact]
    public void The_CLIs_own_failure_has_its_message_and_no_code()
    {
        var transcript = Transcript();

        Accept(transcript, FakeCli.Recording("error-401"));

        Assert.Equal((TurnStatus.Failed, null), (transcript.Outcome!.Status, transcript.Outcome.ErrorCode));
        Assert.StartsWith("unexpected status 401", transcript.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""nul: \u0000, tab: \t""", "nul: \uFFFD, tab: \t")]
    [InlineData("""😀 is \ud83d\ude00""", "😀 is 😀")]
    [InlineData("""a half: \ud83d""", """a half: \ud83d""")]
    public void A_failures_message_is_kept_as_a_database_can_hold_it(string told, string kept)
    {
        var transcript = Transcript();

        Accept(transcript, $$$"""{"type":"turn.failed","error":{"message":"{{{told}}}"}}""");

        Assert.Equal(kept, transcript.Outcome!.ErrorMessage);
    }

    [Theory]
    [InlineData(8_192, 0, 8_192)]
    [InlineData(8_191, 1, 8_191)]
    [InlineData(8_190, 1, 8_192)]
    [InlineData(9_000, 0, 8_192)]
    public void A_long_message_is_cut_between_two_characters(int letters, int emojis, int kept)
    {
        var transcript = Transcript();
        var message = new string('a', letters) + string.Concat(Enumerable.Repeat("😀", emojis));

        Accept(transcript, $$$"""{"type":"turn.failed","error":{"message":"{{{message}}}"}}""");

        Assert.Equal(kept == message.Length ? message : message[..kept] + "…", transcript.Outcome!.ErrorMessage);
    }

    [Fact]
    public void The_servers_own_message_is_kept_as_a_database_can_hold_it()
    {
        var transcript = Transcript();

        transcript.Fail(TurnStatus.Failed, FailureCodes.CodexExited, "It said: \0\ud800", _output);

        Assert.Equal("It said: \uFFFD\uFFFD", transcript.Outcome!.ErrorMessage);
        Assert.Contains("It said:", TurnReading.LinesOf(_output.Build(null, transcript.Outcome)!)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_nested_a_hundred_deep_are_an_event()
    {
        var line = $$$"""{"type":"item.started","item":{"id":"item_0","arguments":{{{new string('[', 100)}}}{{{new string(']', 100)}}}}}""";

        Assert.Equal([line], Accept(Transcript(), line));
    }

    [Fact]
    public void More_open_items_than_can_be_remembered_are_passed_on_and_the_turn_still_ends()
    {
        var transcript = Transcript();
        var lines = Enumerable.Range(0, 1_500).Select(i => $$$"""{"type":"item.started","item":{"id":"item_{{{i}}}","status":"in_progress"}}""").ToArray();

        Assert.Equal(lines, Accept(transcript, lines));
        var end = Fail(transcript);

        Assert.Equal(1_001, end.Length);
        Assert.Equal("item_0", Item(end[0]).GetProperty("id").GetString());
    }
}
