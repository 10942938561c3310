namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>How long a thread publishes to a front end.</summary>
public sealed class LeaseSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task A_front_end_hears_a_thread_for_as_long_as_it_renews_its_lease()
    {
        await using var host = await ThreadHost.Start();
        var renews = await host.OpenFront();
        var lapses = await host.OpenFront();
        await host.Submit(_thread, front: lapses);
        var turn = await host.Engine.NextTurn();
        var lease = TimeSpan.FromSeconds((await host.Thread(_thread).Attach(renews.Id)).LeaseSeconds);
        Assert.Equal(1, (await lapses.Next()).FirstSeq);

        host.Time.Advance(lease / 2);
        await host.Thread(_thread).Attach(renews.Id);
        turn.Say("""{"type":"turn.started"}""");
        Assert.Equal(2, (await renews.Next()).FirstSeq);
        Assert.Equal(2, (await lapses.Next()).FirstSeq);

        host.Time.Advance(lease * 0.75);
        turn.Say("""{"type":"item.started"}""");
        Assert.Equal(3, (await renews.Next()).FirstSeq);

        // A stream is in order: what comes first now shows that nothing was sent before.
        await host.Thread(_thread).Attach(lapses.Id);
        turn.Say("""{"type":"item.updated"}""");
        Assert.Equal(4, (await renews.Next()).FirstSeq);
        Assert.Equal(4, (await lapses.Next()).FirstSeq);
    }

    [Fact]
    public async Task A_front_end_that_detached_hears_nothing_more()
    {
        await using var host = await ThreadHost.Start();
        var stays = await host.OpenFront();
        var leaves = await host.OpenFront();
        await host.Submit(_thread, front: leaves);
        var turn = await host.Engine.NextTurn();
        Assert.Equal(1, (await leaves.Next()).FirstSeq);
        var attached = await host.Thread(_thread).Attach(stays.Id);
        Assert.True(attached is { Exists: true, HeadSeq: 1, RunningTurnId: not null });

        await host.Thread(_thread).Detach(leaves.Id);
        turn.Say("""{"type":"turn.started"}""");
        Assert.Equal(2, (await stays.Next()).FirstSeq);

        await host.Thread(_thread).Attach(leaves.Id);
        turn.Say("""{"type":"item.started"}""");
        Assert.Equal(3, (await leaves.Next()).FirstSeq);
    }
}
