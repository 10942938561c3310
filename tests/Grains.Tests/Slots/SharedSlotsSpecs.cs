using System.Net;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Tests.Threads;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Tests.Slots;

/// <summary>Several silos' slots and the queue over them, with messages that come late and in any order.</summary>
public sealed class SharedSlotsSpecs
{
    private const int Silos = 3;
    private const int Limit = 2;
    private const int Turns = 200;
    private const int MostMessages = 6;
    private const int MostSteps = 100_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Every_turn_gets_a_slot_and_no_silo_gives_more_than_it_has(int seed)
    {
        var random = new Random(seed);
        var silos = Enumerable.Range(0, Silos).Select(i => new SimulatedSilo(i)).ToList();
        var queue = new ClusterSlots();
        var messages = new List<Action>();
        var running = new List<TurnSlot>();
        var waiting = new List<(SimulatedSilo At, Task<SlotOffer> Offer, SlotRequest Request)>();
        var started = 0;
        var steps = 0;
        for (var asked = 0; asked < Turns || waiting.Count > 0;)
        {
            Assert.True(++steps < MostSteps, $"{waiting.Count} turns wait and {running.Count} run.");
            switch (random.Next(4))
            {
                case 0 when asked < Turns:
                    asked++;
                    Ask(silos[random.Next(Silos)], new SlotRequest($"user {random.Next(4)}", Anywhere: random.Next(2) == 0));
                    break;
                case 1 when running.Count > 0:
                    var ended = running[random.Next(running.Count)];
                    running.Remove(ended);
                    ended.Dispose();
                    break;
                case 2 when messages.Count < MostMessages:
                    Report(silos[random.Next(Silos)]);
                    break;
                case 3 when messages.Count > 0:
                    var message = messages[random.Next(messages.Count)];
                    messages.Remove(message);
                    message();
                    break;
            }

            // Answered, but not told yet: that is another thread's work, and no step.
            if (waiting.Count > silos.Sum(silo => silo.Slots.Waiting))
                await Task.WhenAny(waiting.Select(turn => turn.Offer));

            foreach (var turn in waiting.Where(turn => turn.Offer.IsCompleted).ToList())
            {
                waiting.Remove(turn);
                var offer = await turn.Offer;
                if (offer.Elsewhere is { } address)
                {
                    Ask(silos.Single(silo => silo.Address.Equals(address)), turn.Request with { Ticket = offer.Ticket });
                    continue;
                }

                running.Add(Assert.IsType<TurnSlot>(offer.Slot));
                started++;
            }

            Assert.All(silos, silo => Assert.InRange(silo.Slots.Taken, 0, Limit));
        }

        Assert.Equal(Turns, started);

        void Ask(SimulatedSilo silo, SlotRequest request) => waiting.Add((silo, silo.Slots.Acquire(request, TestContext.Current.CancellationToken).AsTask(), request));

        void Report(SimulatedSilo silo)
        {
            var report = silo.Slots.Report(silo.Address, ++silo.Reports);
            messages.Add(() =>
            {
                if (!queue.Update(report, now: 0))
                {
                    messages.Add(() => silo.Slots.Apply(Answer(report, [])));
                    return;
                }

                // Here only the one that has just told listens; in the cluster all do.
                var orders = queue.Match([report.Silo]).GetValueOrDefault(report.Silo) ?? [];
                messages.Add(() => silo.Slots.Apply(Answer(report, [.. orders])));
            });
        }

        QueueAnswer Answer(SiloReport report, SlotOrder[] orders) => new(report.Number, queue.IsAwaited(report.Silo), Installed: true, orders);
    }

    private sealed class SimulatedSilo
    {
        public SimulatedSilo(int number)
        {
            Address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, number + 1), 0);
            var options = new CodexOptions { MaxConcurrentTurns = Limit, MaxQueueWait = TimeSpan.FromHours(1) };
            Slots = new TurnSlots(new ScriptedEngine(""), Options.Create(options), TimeProvider.System);
            Slots.Link(() => { });
        }

        public SiloAddress Address { get; }

        public TurnSlots Slots { get; }

        public long Reports { get; set; }
    }
}
