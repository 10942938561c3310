using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>Clients that lose their connection, come late, or come in crowds.</summary>
public sealed class ReconnectSpecs(RunningServer running, FakeCodexServer fake) : IClassFixture<RunningServer>, IClassFixture<FakeCodexServer>
{
    [Fact(Timeout = 120_000)]
    public async Task A_client_cut_at_random_bytes_sees_each_event_once_and_in_order()
    {
        var seed = Random.Shared.Next();
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = "SCENARIO:shell N:12 CMD:seq 1 300" }, cutAfter: new Random(seed).Next(1, 3000));
        var clients = Enumerable.Range(1, 6).Select(client => FollowWithCuts(api, stream.ThreadId, new EventTape(), new Random(seed + client))).ToList();
        clients.Add(FollowOn(api, stream, new Random(seed)));
        var tapes = await Task.WhenAll(clients);

        var log = await api.ReadAll(stream.ThreadId);
        Assert.True(log.Events.Count >= 28, $"A dozen commands are more than {log.Events.Count} events.");
        Assert.All(tapes, tape => Assert.True(log.Events.Select(Line).SequenceEqual(tape.Events.Select(Line)), $"Seed {seed}: a client saw something else than the log."));

        async Task<EventTape> FollowOn(CodexApi api, SseConnection first, Random random)
        {
            await first.ReadUntilLost();
            return await FollowWithCuts(api, first.ThreadId, first.Tape, random);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Clients_that_come_and_go_in_a_torrent_of_events_see_each_once_and_in_order()
    {
        // Where the log ends and the live events begin is another place for each connection.
        const string Torrent = "started; n=0; while [ $n -lt 4000 ]; do message $n $n; n=$((n + 1)); [ $((n % 20)) = 0 ] && sleep 0.005; done; completed";
        var seed = Random.Shared.Next();
        using var api = fake.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = Torrent });

        var tapes = await Task.WhenAll(Enumerable.Range(1, 16).Select(client => FollowWithCuts(api, stream.ThreadId, new EventTape(), new Random(seed + client), maxBytes: 40_000)));

        var log = await api.ReadAll(stream.ThreadId);
        Assert.Equal(4004, log.Events.Count);
        Assert.All(tapes, tape => Assert.True(log.Events.Select(Line).SequenceEqual(tape.Events.Select(Line)), $"Seed {seed}: a client saw something else than the log."));
    }

    [Fact(Timeout = 120_000)]
    public async Task Fifty_clients_on_one_thread_get_everything_while_one_of_them_is_frozen()
    {
        // Three times a megabyte: more than the system's buffers and a viewer's queue hold for one that does not read.
        const string Big = "CMD:seq 1 200000";
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var tape = new EventTape();
        var thread = (await api.Turn(new { prompt = "SCENARIO:plain" }, tape)).ThreadId;

        var frozenTape = new EventTape(tape.LastSeq);
        var frozen = await api.Follow(thread, frozenTape);
        var streams = await Task.WhenAll(Enumerable.Range(0, 49).Select(_ => api.Follow(thread, new EventTape(tape.LastSeq))));
        try
        {
            for (var turn = 0; turn < 3; turn++)
            {
                var gate = Guid.NewGuid().ToString("N");
                await using var started = await api.Stream(new { prompt = $"SCENARIO:gate NAME:{gate} {Big}", thread_id = thread }, tape);
                // While the gate is closed the turn cannot end: what arrives now arrives live, with the frozen one beside it.
                await Task.WhenAll(streams.Select(stream => stream.Until("item.completed/command_execution")));
                running.Stage.Model.Gates.Open(gate);
                await started.ReadToEnd();
                await Task.WhenAll(streams.Select(stream => stream.UntilTurnEnds()));
            }

            var expected = tape.Events.Where(frame => frame.Seq > frozenTape.LastSeq).Select(Line).ToList();
            Assert.All(streams, stream => Assert.True(expected.SequenceEqual(stream.Tape.Events.Select(Line))));

            // The frozen one wakes up: on its old connection or on a new one, it gets the same.
            while (frozenTape.LastSeq < tape.LastSeq)
            {
                try
                {
                    await frozen.Until(frame => frame.Seq == tape.LastSeq);
                }
                catch (IOException)
                {
                    await frozen.DisposeAsync();
                    frozen = await api.Follow(thread, frozenTape);
                }
            }

            Assert.True(expected.SequenceEqual(frozenTape.Events.Select(Line)));
        }
        finally
        {
            foreach (var stream in streams.Append(frozen))
                await stream.DisposeAsync();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_client_that_comes_back_after_the_turn_gets_the_rest()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var tape = new EventTape();
        Guid thread;
        await using (var stream = await api.Stream(new { prompt = "SCENARIO:gate NAME:comes-back" }, tape))
        {
            thread = stream.ThreadId;
            await stream.Until("turn.started");
        }

        var watched = new EventTape();
        await using (var watcher = await api.Follow(thread, watched))
        {
            running.Stage.Model.Gates.Open("comes-back");
            await watcher.UntilTurnEnds();
        }

        await using (var stream = await api.Follow(thread, tape))
            await stream.Until("synced");
        Assert.Equal(watched.Events.Select(Line), tape.Events.Select(Line));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_client_that_comes_back_after_a_restart_gets_the_rest()
    {
        var data = running.Stage.NewFolder();
        var cut = new EventTape();
        FinishedTurn turn;
        await using (var server = await running.StartAnother(data))
        {
            using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
            turn = await api.Turn(new { prompt = "SCENARIO:shell N:3" });
            await using var stream = await api.Follow(turn.ThreadId, cut);
            await stream.Until("turn.started");
        }

        await using (var server = await running.StartAnother(data))
        {
            using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
            await using var stream = await api.Follow(turn.ThreadId, cut);
            await stream.Until("synced");
            Assert.Equal(turn.Tape.Events.Select(Line), cut.Events.Select(Line));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Header_query_and_JSON_pages_give_the_same_bytes()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var turn = await api.Turn(new { prompt = "SCENARIO:shell N:2 CMD:printf 'Grüße, 世界 \\t\\001 \"\\\\'" });
        var streamed = turn.Tape.Events.Select(Line).ToList();

        for (var after = 0L; after <= turn.Tape.LastSeq; after++)
        {
            foreach (var inHeader in (bool[])[true, false])
            {
                var tape = new EventTape(after);
                await using var stream = await api.Follow(turn.ThreadId, tape, cursorInHeader: inHeader);
                await stream.Until("synced");
                Assert.Equal(streamed.Skip((int)after), tape.Events.Select(Line));
            }
        }

        var pages = await api.ReadPages(turn.ThreadId);
        Assert.Equal(streamed, pages.Select(page => ((long?)page.Seq, page.Event)));
        Assert.All(pages, page => Assert.Equal(turn.TurnId, page.TurnId));
    }

    private static (long? Seq, string Text) Line(SseFrame frame) => (frame.Seq, frame.Text);

    /// <summary>Follows the thread to the end of its turn over connections that break after a random number of bytes.</summary>
    private static async Task<EventTape> FollowWithCuts(CodexApi api, Guid thread, EventTape tape, Random random, int maxBytes = 4000)
    {
        while (tape.Events.Count == 0 || !tape.Events[^1].IsTerminal)
        {
            try
            {
                await using var stream = await api.Follow(thread, tape, cursorInHeader: random.Next(2) == 0, cutAfter: random.Next(1, maxBytes));
                await stream.UntilTurnEnds();
            }
            catch (IOException)
            {
                // Cut; on with the next connection.
            }
        }

        return tape;
    }
}
