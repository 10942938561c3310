using CodexOrleans.Load.Measures;

namespace CodexOrleans.Bench.Tests;

public sealed class MediansSpecs
{
    [Fact]
    public void The_median_is_the_middle_and_of_an_even_number_between_the_two_in_the_middle()
    {
        Assert.Equal(2, Medians.Of([9, 1, 2]));
        Assert.Equal(3, Medians.Of([9, 1, 2, 4]));
    }

    [Fact]
    public void What_was_not_measured_does_not_count()
    {
        Assert.Equal(2, Medians.Of([double.NaN, 9, 1, 2]));
        Assert.Equal(double.NaN, Medians.Of([double.NaN]));
    }
}
