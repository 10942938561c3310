using System.Text;
using CodexOrleans.TestSupport;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>What the tests of all parts lean on.</summary>
public sealed class TestSupportSpecs(ModelFixture fixture)
{
    [Fact]
    public void Without_the_CLI_a_test_is_skipped_with_a_word_on_what_to_install()
    {
        using var empty = new TemporaryFolder();
        var skip = "";
        try
        {
            RealCodex.Locate(empty.Path, required: false);
        }
        catch (InvalidOperationException exception)
        {
            // Assert.Throws would skip this very test.
            skip = exception.Message;
        }

        Assert.StartsWith("$XunitDynamicSkip$", skip, StringComparison.Ordinal);
        Assert.Contains("npm ci", skip, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_CLI_a_test_fails_where_it_is_required()
    {
        using var empty = new TemporaryFolder();
        var failure = Assert.Throws<InvalidOperationException>(() => RealCodex.Locate(empty.Path, required: true));
        Assert.StartsWith("The pinned Codex CLI", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CLI_that_refuses_its_arguments_is_a_run_with_an_exit_code_and_an_error_text()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        var run = await RealCodex.Run(
            home, workspace.Path, ["exec", "--no-such-option"], new string('x', 1_000_000), TestContext.Current.CancellationToken);
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.Contains("--no-such-option", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Normalising_touches_nothing_but_what_differs_between_runs()
    {
        const string output =
            """
            {"type":"thread.started","thread_id":"01a20700-0000-7000-8000-000000000001"}
            {"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"/bin/zsh -lc 'ls /tmp/wörk/a'","aggregated_output":"é thread_id ws_x"}}
            """;
        var normal = Encoding.UTF8.GetString(CodexOutput.Normalise(Encoding.UTF8.GetBytes(output), "/tmp/wörk"));
        Assert.Equal(
            output.Replace("01a20700-0000-7000-8000-000000000001", Guid.Empty.ToString()).Replace("/tmp/wörk/a", "/workspace/a").Replace("/bin/zsh", "/bin/bash"),
            normal);
    }

    [Fact]
    public void Bytes_that_are_no_text_pass_through_normalising()
    {
        var bytes = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();
        Assert.Equal(bytes, CodexOutput.Normalise(bytes, "/nowhere"));
    }
}
