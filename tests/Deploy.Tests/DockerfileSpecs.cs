using CodexOrleans.TestSupport;

namespace CodexOrleans.Deploy.Tests;

public sealed class DockerfileSpecs
{
    private readonly Dockerfile _file = Dockerfile.Read();

    [Fact]
    public async Task The_linter_has_nothing_to_say()
    {
        var linter = Path.Combine(Repository.Root, "tests", "Deploy.Tests", "lint", "node_modules", "dockerfile-utils", "bin", "dockerfile-utils");
        var lint = await ExternalCommand.Run(ExternalTool.Find("node", "nodejs"), [linter, "lint", Dockerfile.File], cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(lint is { ExitCode: 0 } && string.IsNullOrWhiteSpace(lint.Output), lint.Output);
    }

    [Fact]
    public void What_is_copied_comes_from_a_stage_or_from_the_checkout()
    {
        foreach (var (_, copy) in _file.Stages.SelectMany(stage => stage.Instructions).Where(instruction => instruction.Word == "COPY"))
        {
            var words = copy.Split(' ');
            if (words[0].StartsWith("--from=", StringComparison.Ordinal))
                Assert.Contains(_file.Stages, stage => stage.Name == words[0]["--from=".Length..]);
            else
                Assert.All(words[..^1], source => Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source));
        }
    }

    [Theory]
    [InlineData("server", "CodexOrleans.WebFront")]
    [InlineData("silo", "CodexOrleans.Silo")]
    public void It_runs_a_program_below_an_init_process_as_a_user_without_rights(string stage, string program)
    {
        Assert.Equal("10001:10001", _file.All(stage, "USER").Last());
        Assert.Equal($"""["tini", "--", "/app/{program}"]""", _file.All(stage, "ENTRYPOINT").Last());
        Assert.Contains("tini", Assert.Single(_file.All(stage, "RUN"), run => run.Contains("apt-get", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_stage_is_the_server_which_is_what_is_built_if_nothing_is_said() => Assert.Equal("server", _file.Stages[^1].Name);
}
