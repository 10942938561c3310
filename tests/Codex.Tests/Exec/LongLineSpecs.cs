using System.Text.Json;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Tests.Support;

namespace CodexOrleans.Codex.Tests.Exec;

public sealed class LongLineSpecs : IDisposable
{
    private const int Around = 22; // {"type":"x","text":""}

    private readonly EngineFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private static string LineOf(int length) => $$"""printf '{"type":"x","text":"'; bytes {{length - Around}}; printf '"}\n'""";

    [Fact]
    public async Task A_line_of_16_MiB_passes()
    {
        var turn = await _fixture.Run($"started; {LineOf(ExecTurn.MaxLine)}; completed");

        Assert.Equal(ExecTurn.MaxLine, turn.Lines[2].Length);
        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Theory]
    [InlineData("printf '\"}\\n'; completed")]
    [InlineData("hang")]
    public async Task A_line_longer_than_16_MiB_ends_the_turn(string rest)
    {
        var turn = await _fixture.Run($$"""started; command_started ls; printf '{"type":"x","text":"'; bytes {{ExecTurn.MaxLine}}; {{rest}}""");

        Assert.Equal(FailureCodes.LineTooLong, turn.Outcome.ErrorCode);
        Assert.Equal(5, turn.Lines.Count);
        Assert.Contains("\"status\":\"failed\"", turn.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blocks_stay_small_however_much_comes()
    {
        await using var turn = _fixture.Start("started; yes '{\"type\":\"x\",\"text\":\"some text of some length\"}' | head -n 100000; completed");
        var largest = 0;
        var count = 0;
        while (await turn.Read(TestContext.Current.CancellationToken) is { } block)
        {
            largest = Math.Max(largest, block.Lines.Length);
            count += block.Count;
        }

        Assert.InRange(largest, 1, 300 * 1024);
        Assert.Equal(100_003, count);
    }

    [Fact]
    public async Task Lines_of_all_sizes_come_whole_and_in_order()
    {
        // From some bytes to a megabyte, so that ends of lines fall everywhere in the buffer.
        var turn = await _fixture.Run("""started; n=1; while [ $n -lt 1000000 ]; do printf '{"type":"x","size":%d,"text":"' $n; bytes $n; printf '"}\n'; n=$((n * 3)); done; completed""");

        var texts = turn.Lines.Where(l => l.StartsWith("{\"type\":\"x\"", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(13, texts.Count);
        Assert.All(texts, t => Assert.Equal(t.GetProperty("size").GetInt32(), t.GetProperty("text").GetString()!.Length));
    }

    [Fact]
    public async Task A_last_line_without_an_end_counts()
    {
        var turn = await _fixture.Run("""started; printf '{"type":"turn.completed"}'""");

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
        Assert.Equal("{\"type\":\"turn.completed\"}", turn.Lines[2]);
    }

    [Fact]
    public async Task A_line_cut_by_the_end_of_the_CLI_is_garbage()
    {
        var turn = await _fixture.Run("""started; printf '{"type":"turn.comp'; exit 1""");

        Assert.Contains("no event (not JSON)", turn.Lines[2], StringComparison.Ordinal);
        Assert.Equal(FailureCodes.CodexExited, turn.Outcome.ErrorCode);
    }
}
