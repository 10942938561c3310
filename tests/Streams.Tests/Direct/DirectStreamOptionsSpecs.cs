using CodexOrleans.Streams.Direct;

namespace CodexOrleans.Streams.Tests.Direct;

public class DirectStreamOptionsSpecs
{
    [Fact]
    public void The_defaults_are_valid() => Validate(new DirectStreamOptions(), through: null);

    [Fact]
    public void All_mistakes_are_named_in_one_message()
    {
        var options = new DirectStreamOptions { MaxPendingEvents = 0, MaxPendingBytes = -1 };

        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(options, through: "nowhere"));

        foreach (var part in new[] { "'direct'", "MaxPendingEvents is 0", "MaxPendingBytes is -1", "'nowhere', which has not been added" })
            Assert.Contains(part, error.Message);
    }

    [Fact]
    public void A_provider_cannot_reach_other_processes_through_itself()
    {
        var error = Assert.Throws<OrleansConfigurationException>(() => Validate(new DirectStreamOptions(), through: "direct"));

        Assert.Contains("through itself", error.Message);
    }

    [Fact]
    public async Task A_silo_with_impossible_settings_does_not_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => DirectStreamCluster.StartAsync(silos: 1, through: "nowhere", configure: options => options.MaxPendingEvents = 0));

        Assert.Contains("'nowhere', which has not been added", error.ToString());
        Assert.Contains("MaxPendingEvents is 0", error.ToString());
    }

    private static void Validate(DirectStreamOptions options, string? through) =>
        new DirectStreamOptionsValidator("direct", through, options, provider => provider == PushStreamCluster.Provider).ValidateConfiguration();
}
