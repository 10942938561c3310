using System.Net;
using CodexOrleans.Grains.Slots;

namespace CodexOrleans.Grains.Tests.Slots;

/// <summary>Who gets which slot, from what the silos have told.</summary>
public sealed class ClusterSlotsSpecs
{
    private static readonly SiloAddress _a = Silo(1), _b = Silo(2), _c = Silo(3);

    private readonly ClusterSlots _slots = new();
    private readonly Dictionary<SiloAddress, long> _numbers = [];

    [Fact]
    public void A_turn_gets_a_slot_of_its_own_silo_before_one_elsewhere()
    {
        var turn = Turn();
        Hear(_a, free: 1, waiting: [turn]);
        Hear(_b, free: 5);

        Assert.Equal([(_a, SlotOrderKind.Start, turn.Ticket)], Match(_a, _b));
    }

    [Fact]
    public void A_turn_goes_elsewhere_once_a_slot_is_kept_for_it_there()
    {
        var turn = Turn();
        Hear(_a, free: 0, waiting: [turn]);
        Hear(_b, free: 1);
        Hear(_c, free: 2);
        Assert.Equal([(_c, SlotOrderKind.Hold, turn.Ticket)], Match(_a, _b, _c));
        Assert.Empty(Match(_a, _b));

        Hear(_c, free: 1, held: [turn.Ticket]);

        Assert.Equal((_a, SlotOrderKind.Move, turn.Ticket), Assert.Single(Match(_a, _b, _c)));
    }

    [Fact]
    public void A_turn_that_is_bound_to_its_silo_waits_for_it()
    {
        var turn = Turn(anywhere: false);
        Hear(_a, free: 0, waiting: [turn]);
        Hear(_b, free: 5);
        Assert.Empty(Match(_a, _b));
        Assert.False(_slots.IsAwaited(_b));

        Hear(_a, free: 1, waiting: [turn]);

        Assert.Equal([(_a, SlotOrderKind.Start, turn.Ticket)], Match(_a, _b));
    }

    [Fact]
    public void The_user_with_the_fewest_turns_running_anywhere_comes_first()
    {
        var busy = Turn("busy", waitedMs: 9000);
        var modest = Turn("modest", waitedMs: 1);
        Hear(_a, free: 1, waiting: [busy, modest], running: new() { ["modest"] = 1 });
        Hear(_b, free: 0, running: new() { ["busy"] = 2 });

        Assert.Equal([(_a, SlotOrderKind.Start, modest.Ticket)], Match(_a, _b));
    }

    [Fact]
    public void Users_with_equally_many_running_take_turns_wherever_they_wait()
    {
        ReportedTurn[] many = [.. Enumerable.Range(0, 4).Select(i => Turn("many", waitedMs: 100 - i))];
        ReportedTurn[] few = [Turn("few", waitedMs: 3), Turn("few", waitedMs: 2)];
        Hear(_a, free: 0, waiting: many);
        Hear(_b, free: 0, waiting: few);
        Hear(_c, free: 4);

        var orders = Match(_a, _b, _c);

        Assert.Equal([many[0].Ticket, few[0].Ticket, many[1].Ticket, few[1].Ticket], orders.Select(order => order.Ticket));
    }

    [Fact]
    public void A_silo_gets_nothing_more_before_it_has_told_what_became_of_its_orders()
    {
        var first = Turn();
        var second = Turn();
        Hear(_a, free: 1, waiting: [first]);
        Assert.Single(Match(_a));

        // It was on its way when the order was given.
        Hear(_a, free: 1, waiting: [first, second], answered: 0);
        Assert.Empty(Match(_a));

        Hear(_a, free: 1, waiting: [second]);
        Assert.Equal([(_a, SlotOrderKind.Start, second.Ticket)], Match(_a));
    }

    [Fact]
    public void A_slot_that_could_not_be_kept_is_looked_for_elsewhere()
    {
        var turn = Turn();
        Hear(_a, free: 0, waiting: [turn]);
        Hear(_b, free: 2);
        Hear(_c, free: 1);
        Assert.Equal([(_b, SlotOrderKind.Hold, turn.Ticket)], Match(_a, _b, _c));

        Hear(_b, free: 0);

        Assert.Equal([(_c, SlotOrderKind.Hold, turn.Ticket)], Match(_a, _b, _c));
    }

    [Fact]
    public void A_slot_on_a_silo_that_is_gone_is_looked_for_elsewhere()
    {
        var turn = Turn();
        Hear(_a, free: 0, waiting: [turn]);
        Hear(_b, free: 2);
        Hear(_c, free: 1);
        Match(_a, _b, _c);
        Hear(_b, free: 1, held: [turn.Ticket]);

        _slots.Forget(_b);

        Assert.Equal([(_c, SlotOrderKind.Hold, turn.Ticket)], Match(_a, _c));
    }

    [Fact]
    public void New_turns_elsewhere_queue_behind_one_that_may_run_there_until_it_has_its_slot()
    {
        var turn = Turn();
        Hear(_a, free: 0, waiting: [turn]);
        Hear(_b, free: 0);
        Assert.True(_slots.IsAwaited(_b));
        Assert.False(_slots.IsAwaited(_a));

        Hear(_b, free: 1);
        Match(_a, _b);

        Assert.False(_slots.IsAwaited(_b));
    }

    [Fact]
    public void A_report_that_arrives_behind_a_later_one_is_ignored()
    {
        Hear(_a, free: 1);
        _numbers[_a] -= 1;

        Assert.False(_slots.Update(Report(_a, free: 5, [], [], [], null), now: 0));
    }

    private static ReportedTurn Turn(string user = "user", bool anywhere = true, long waitedMs = 10) => new(Guid.NewGuid(), user, waitedMs, anywhere);

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 0);

    private void Hear(SiloAddress silo, int free, ReportedTurn[]? waiting = null, Dictionary<string, int>? running = null, Guid[]? held = null, long? answered = null) =>
        Assert.True(_slots.Update(Report(silo, free, waiting ?? [], running ?? [], held ?? [], answered), now: 10_000));

    private SiloReport Report(SiloAddress silo, int free, ReportedTurn[] waiting, Dictionary<string, int> running, Guid[] held, long? answered)
    {
        var last = _numbers.GetValueOrDefault(silo);
        _numbers[silo] = last + 1;
        return new SiloReport(silo, last + 1, answered ?? last, Installed: true, free, waiting, running, held, Queueing: false);
    }

    private List<(SiloAddress Silo, SlotOrderKind Kind, Guid Ticket)> Match(params SiloAddress[] listening) =>
        [.. _slots.Match(listening).SelectMany(entry => entry.Value.Select(order => (entry.Key, order.Kind, order.Ticket)))];
}
