using CodexOrleans.Codex.Processes;

namespace CodexOrleans.Codex.Tests.Accounts;

public sealed class EnvironmentSpecs
{
    private static Dictionary<string, string?> Build(Action<CodexOptions>? configure = null)
    {
        var options = new CodexOptions();
        configure?.Invoke(options);
        var target = new Dictionary<string, string?> { ["ConnectionStrings__Main"] = "secret" };
        new CodexEnvironment(options, new ProcessTag("installation", "boot")).Apply(target, Guid.Empty);
        return target;
    }

    [Fact]
    public void Only_listed_variables_reach_the_CLI()
    {
        // The test process has more than these: what the runner and the SDK set.
        Assert.Contains(Environment.GetEnvironmentVariables().Keys.Cast<string>(), k => k.StartsWith("DOTNET_", StringComparison.Ordinal) || k == "PWD" || k == "OLDPWD" || k == "_");

        var variables = Build();

        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), variables["PATH"]);
        Assert.DoesNotContain(variables.Keys, k => k.StartsWith("DOTNET_", StringComparison.Ordinal) || k is "PWD" or "OLDPWD" or "_" or "ConnectionStrings__Main");
    }

    [Fact]
    public void The_operator_may_pass_and_set_more()
    {
        var present = Environment.GetEnvironmentVariables().Keys.Cast<string>().First(k => !Build().ContainsKey(k));

        var variables = Build(o =>
        {
            o.PassEnvironment.Add(present);
            o.Environment["MY_KEY"] = "k";
            o.Home = "/home/codex";
        });

        Assert.Equal(Environment.GetEnvironmentVariable(present), variables[present]);
        Assert.Equal("k", variables["MY_KEY"]);
        Assert.Equal("/home/codex", variables["CODEX_HOME"]);
    }

    [Fact]
    public void Every_process_carries_the_tag_and_the_operator_cannot_lose_it()
    {
        var variables = Build(o => o.Environment[ProcessTag.HostVariable] = "mine");

        Assert.Equal("installation.boot", variables[ProcessTag.HostVariable]);
        Assert.Equal(Guid.Empty.ToString(), variables[ProcessTag.TurnVariable]);
    }

    [Theory]
    [InlineData(ProcessTag.HostVariable)]
    [InlineData(ProcessTag.TurnVariable)]
    public void The_CLI_does_not_hide_the_tag_from_commands(string name)
    {
        Assert.DoesNotContain(["KEY", "SECRET", "TOKEN"], part => name.Contains(part, StringComparison.Ordinal));
    }
}
