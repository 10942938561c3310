namespace CodexOrleans.Load.Http;

/// <summary>Takes a response's body as it arrives, cut anywhere.</summary>
internal interface IResponseBody
{
    /// <param name="receivedAt">Monotonic nanoseconds at which the piece was received.</param>
    void Append(ReadOnlySpan<byte> piece, long receivedAt);
}
