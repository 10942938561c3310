namespace CodexOrleans.Deploy.Tests;

public sealed class SettingSpecs
{
    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("compose/compose.yaml")]
    [InlineData("kubernetes/configmap.yaml")]
    [InlineData("kubernetes/secret.example.yaml")]
    [InlineData("kubernetes/statefulset.yaml")]
    [InlineData("systemd/codex-orleans.service")]
    public void Every_setting_that_a_file_makes_is_one_that_the_README_knows(string file)
    {
        var settings = DeployFiles.Settings(DeployFiles.Read(file)).ToList();

        Assert.NotEmpty(settings);
        Assert.All(settings, setting => Assert.True(DeployFiles.IsDocumented(setting), setting));
    }
}
