namespace CodexOrleans.Storage.Log;

/// <summary>Consecutive events of one thread and turn that were committed together: one row of the log.</summary>
public sealed class LogChunk
{
    /// <summary>Number of the first event.</summary>
    public required long FirstSeq { get; init; }

    /// <summary>Number of the last event.</summary>
    public required long LastSeq { get; init; }

    public required Guid TurnId { get; init; }

    /// <summary>Time of the commit, Unix milliseconds, UTC.</summary>
    public required long At { get; init; }

    /// <summary>The writer's classification, opaque here (0 to 255).</summary>
    public required byte Kind { get; init; }

    /// <summary>JSON lines, each ended by one <c>\n</c>: exactly <see cref="LastSeq"/> - <see cref="FirstSeq"/> + 1 of them.</summary>
    public required byte[] Lines { get; init; }
}
