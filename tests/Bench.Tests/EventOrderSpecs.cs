using CodexOrleans.Load.Turns;

namespace CodexOrleans.Bench.Tests;

public sealed class EventOrderSpecs
{
    [Theory]
    [InlineData(new[] { 0, 1, 2, 3 }, 4, 0, 0)]
    [InlineData(new[] { 0, 1, 3 }, 3, 0, 0)]
    [InlineData(new[] { 0, 1, 1, 2 }, 3, 1, 0)]
    [InlineData(new[] { 0, 2, 1, 3 }, 4, 0, 1)]
    [InlineData(new[] { 2, 0, 2, 0 }, 2, 2, 1)]
    public void What_is_missing_repeated_or_reordered_is_counted(int[] numbers, int distinct, int repeated, int reordered)
    {
        var order = new EventOrder();

        foreach (var number in numbers)
            order.Add(number);

        Assert.Equal((distinct, repeated, reordered), (order.Distinct, order.Repeated, order.Reordered));
    }
}
