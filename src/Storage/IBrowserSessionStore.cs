namespace CodexOrleans.Storage;

/// <summary>
/// What front ends keep of the sessions of browsers, the same for all on one database. Sessions themselves are not stored.
/// </summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be used.</remarks>
public interface IBrowserSessionStore
{
    /// <summary>
    /// 32 random bytes, made when the database was first opened and never changed: a secret of all servers that share it.
    /// </summary>
    ValueTask<byte[]> ReadSessionSecret(CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps that a session has ended before it expired; on disk when the call returns. To end it again changes nothing. Sessions that
    /// expired more than an hour ago are forgotten with the same commit: what expires, nobody has to be told of.
    /// </summary>
    ValueTask EndSession(EndedSession session);

    /// <summary>Sessions that have been ended and are not forgotten.</summary>
    /// <param name="within">Only those that were ended within this time, by the database's clock; null for all.</param>
    ValueTask<IReadOnlyList<EndedSession>> ReadEndedSessions(TimeSpan? within = null, CancellationToken cancellationToken = default);
}

/// <summary>A session that was ended before it expired.</summary>
/// <param name="Id">Random; that of the session.</param>
/// <param name="ExpiresAt">When it would have expired: Unix seconds, UTC.</param>
public readonly record struct EndedSession(Guid Id, long ExpiresAt)
{
    /// <summary>How long after its expiry it is kept: the clocks of servers differ a little.</summary>
    internal const int KeptSeconds = 3600;
}
