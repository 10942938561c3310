using CodexOrleans.Load.Measures;

namespace CodexOrleans.Bench.Tests;

public sealed class SamplesSpecs
{
    [Fact]
    public void Percentiles_are_values_that_were_measured()
    {
        var samples = new Samples();
        for (var milliseconds = 100; milliseconds >= 1; milliseconds--)
            samples.Add(milliseconds * 1_000_000L);

        Assert.Equal([50, 99, 100, 100], [samples.Percentile(50), samples.Percentile(99), samples.Percentile(99.9), samples.Max]);
    }
}
