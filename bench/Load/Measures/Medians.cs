namespace CodexOrleans.Load.Measures;

/// <summary>The middle of a few runs.</summary>
internal static class Medians
{
    /// <summary>The median, of an even number the mean of the two in the middle. NaN counts as not measured; NaN when nothing was.</summary>
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Where(value => !double.IsNaN(value)).Order().ToArray();
        return sorted.Length == 0 ? double.NaN
            : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2]
            : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
