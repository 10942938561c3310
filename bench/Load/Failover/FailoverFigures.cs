using CodexOrleans.Load.Measures;

namespace CodexOrleans.Load.Failover;

/// <summary>What all rounds have measured.</summary>
internal sealed class FailoverFigures
{
    /// <summary>From the kill until a new turn of a lost thread is accepted.</summary>
    public Samples Call { get; } = new();

    /// <summary>From the kill until the end of a lost turn that nobody asks for is in the log.</summary>
    public Samples Close { get; } = new();

    /// <summary>Longest pause of a stream in as long a time before the kill: what machine and load do by themselves.</summary>
    public Samples PauseBefore { get; } = new();

    /// <summary>Longest pause of a stream after the kill, viewer and owner on one healthy node.</summary>
    public Samples PauseBeside { get; } = new();

    /// <summary>The same, viewer and owner on different healthy nodes.</summary>
    public Samples PauseAcross { get; } = new();

    /// <summary>The same, with a viewer that was connected to the node that died.</summary>
    public Samples PauseReconnected { get; } = new();

    public override string ToString()
    {
        var table = new TextTable("after kill -9 of one of three nodes, ms", "samples", "median", "p90", "max", "aim");
        Add("new turn of a lost thread accepted", Call, "median < 3,000");
        Add("lost turn closed, nobody asks", Close, "max < 10,000");
        Add("longest pause, same healthy node", PauseBeside, "max < 1,000");
        Add("longest pause, two healthy nodes", PauseAcross, "max < 1,000");
        Add("longest pause, viewer of the dead node", PauseReconnected, "");
        Add("longest pause in as long before the kill", PauseBefore, "");
        return table.ToString();

        void Add(string name, Samples samples, string aim) =>
            table.Add(name, $"{samples.Count}", TextTable.Figure(samples.Percentile(50)), TextTable.Figure(samples.Percentile(90)), TextTable.Figure(samples.Max), aim);
    }
}
