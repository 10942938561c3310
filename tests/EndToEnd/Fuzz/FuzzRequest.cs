using System.Text;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>A request as bytes.</summary>
/// <param name="Method">What was asked for.</param>
/// <param name="Bytes">Head and body as they go over the wire.</param>
public sealed record FuzzRequest(string Method, byte[] Bytes, Answerable Answerable)
{
    private const int MostShown = 2_000;

    /// <summary>For whoever has to repeat it.</summary>
    public override string ToString()
    {
        var shown = Encoding.Latin1.GetString(Bytes, 0, Math.Min(Bytes.Length, MostShown));
        return Bytes.Length > MostShown ? $"{shown}… ({Bytes.Length} bytes)" : shown;
    }
}

/// <summary>What a request leaves the server to answer.</summary>
public enum Answerable
{
    /// <summary>Everything that is wrong with it is a problem.</summary>
    Fully,

    /// <summary>Its head may be none, so that what answers is not the application: without a body.</summary>
    Barely,

    /// <summary>Its body may never end. The client ends the connection, and need not get an answer.</summary>
    NotEven,
}
