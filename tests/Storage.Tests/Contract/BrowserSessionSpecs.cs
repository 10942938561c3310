
namespace CodexOrleans.Storage.Tests.Contract;

public abstract class BrowserSessionSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    private static readonly long _now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private IBrowserSessionStore Sessions => (IBrowserSessionStore)Store;

    [Fact]
    public async Task A_session_that_has_ended_is_known_after_a_restart_however_often_it_was_ended()
    {
        var (one, other) = (Session(expiresIn: 3600), Session(expiresIn: 7200));
        await Sessions.EndSession(one);
        await Sessions.EndSession(one);
        await Sessions.EndSession(other);

        await Reopen();

        Assert.Equal(Ordered(one, other), Ordered([.. await Sessions.ReadEndedSessions(cancellationToken: Cancellation)]));
    }

    [Fact]
    public async Task Many_sessions_that_end_at_once_are_all_kept()
    {
        var sessions = Enumerable.Range(0, 200).Select(_ => Session(expiresIn: 3600)).ToArray();

        await Task.WhenAll(sessions.Select(session => Sessions.EndSession(session).AsTask()));

        Assert.Equal(Ordered(sessions), Ordered([.. await Sessions.ReadEndedSessions(cancellationToken: Cancellation)]));
    }

    [Fact]
    public async Task Sessions_that_have_expired_are_forgotten_an_hour_later_with_the_next_one_that_ends()
    {
        var (old, recent, open) = (Session(expiresIn: -3700), Session(expiresIn: -60), Session(expiresIn: 60));
        await Sessions.EndSession(old);
        await Sessions.EndSession(recent);
        await Sessions.EndSession(open);

        Assert.Equal(Ordered(recent, open), Ordered([.. await Sessions.ReadEndedSessions(cancellationToken: Cancellation)]));
    }

    [Fact]
    public async Task Those_that_ended_lately_can_be_asked_for_alone()
    {
        var session = Session(expiresIn: 3600);
        await Sessions.EndSession(session);

        Assert.Equal([session], await Sessions.ReadEndedSessions(TimeSpan.FromHours(1), Cancellation));
        Assert.Empty(await Sessions.ReadEndedSessions(TimeSpan.FromHours(-1), Cancellation));
    }

    [Fact]
    public async Task The_secret_of_a_database_is_its_own_and_stays()
    {
        var secret = await Sessions.ReadSessionSecret(Cancellation);

        await Reopen();

        Assert.Equal(32, secret.Length);
        Assert.Equal(secret, await Sessions.ReadSessionSecret(Cancellation));
        await using var other = new TFixture();
        Assert.NotEqual(secret, await ((IBrowserSessionStore)await other.Open()).ReadSessionSecret(Cancellation));
    }

    [Fact]
    public async Task A_closed_store_ends_no_session()
    {
        await Close();

        await Assert.ThrowsAsync<StorageException>(() => Sessions.EndSession(Session(expiresIn: 60)).AsTask());
    }

    private static EndedSession Session(int expiresIn) => new(Guid.NewGuid(), _now + expiresIn);

    private static IEnumerable<EndedSession> Ordered(params EndedSession[] sessions) => sessions.OrderBy(session => session.Id);
}
