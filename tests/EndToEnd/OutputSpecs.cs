using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>What a server prints, which may be kept and shipped elsewhere.</summary>
public sealed class OutputSpecs(RunningServer running) : IClassFixture<RunningServer>
{
    [Fact(Timeout = 120_000)]
    public async Task Neither_prompts_nor_the_token_are_logged()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await api.Turn(new { prompt = "SCENARIO:shell CMD:echo xylophone" });
        await api.Turn(new { prompt = "SCENARIO:failed-context xylophone" });
        (await api.Run(new { prompt = "SCENARIO:401 xylophone" })).Dispose();
        (await api.TryStream(new { prompt = "xylophone", thread_id = Guid.CreateVersion7() })).Dispose();
        (await api.TryStream(new { prompt = "xylophone", sandbox = "no-such-mode" })).Dispose();

        Assert.DoesNotContain("xylophone", running.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(running.Token, running.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(running.Stage.Model.Key, running.Output, StringComparison.Ordinal);
    }
}
