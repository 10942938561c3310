namespace CodexOrleans.Load.Measures;

/// <summary>All values of one measure, in steps of 100 ns, so that percentiles are exact. Up to 214 s.</summary>
internal sealed class Samples(int capacity = 1024)
{
    private const int NanosecondsPerStep = 100;
    private const double StepsPerMillisecond = 10_000;

    private int[] _steps = new int[Math.Max(capacity, 16)];
    private bool _sorted;

    public int Count { get; private set; }

    public void Add(long nanoseconds)
    {
        if (Count == _steps.Length)
            Array.Resize(ref _steps, Count * 2);
        _steps[Count++] = (int)Math.Clamp(nanoseconds / NanosecondsPerStep, 0, int.MaxValue);
        _sorted = false;
    }

    public void Add(Samples others)
    {
        for (var i = 0; i < others.Count; i++)
            Add((long)others._steps[i] * NanosecondsPerStep);
    }

    /// <summary>Milliseconds, nearest rank; NaN without values.</summary>
    public double Percentile(double percent)
    {
        if (Count == 0)
            return double.NaN;
        if (!_sorted)
        {
            Array.Sort(_steps, 0, Count);
            _sorted = true;
        }

        var rank = (int)Math.Ceiling(percent / 100 * Count);
        return _steps[Math.Clamp(rank, 1, Count) - 1] / StepsPerMillisecond;
    }

    public double Max => Percentile(100);
}
