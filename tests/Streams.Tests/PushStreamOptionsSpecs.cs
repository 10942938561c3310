namespace CodexOrleans.Streams.Tests;

public class PushStreamOptionsSpecs
{
    [Fact]
    public void The_defaults_are_valid() =>
        new PushStreamOptionsValidator("push", new PushStreamOptions()).ValidateConfiguration();

    [Fact]
    public void All_mistakes_are_named_in_one_message()
    {
        var options = new PushStreamOptions
        {
            QueueCount = 0,
            PollWait = TimeSpan.FromSeconds(3),
            MaxLagEvents = 0,
            MaxBatchesPerDelivery = 5000,
        };

        var error = Assert.Throws<OrleansConfigurationException>(
            () => new PushStreamOptionsValidator("push", options).ValidateConfiguration());

        foreach (var name in new[] { "'push'", "QueueCount is 0", "PollWait is 00:00:03", "MaxLagEvents is 0", "MaxBatchesPerDelivery is 5000" })
            Assert.Contains(name, error.Message);
    }

    [Fact]
    public async Task A_silo_with_impossible_settings_does_not_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => PushStreamCluster.StartAsync(options => options.QueueCount = -1));

        Assert.Contains("QueueCount is -1", error.ToString());
    }
}
