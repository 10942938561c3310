using System.Diagnostics;

namespace CodexOrleans.Storage.Log.Commits;

/// <summary>
/// The span of one transaction: a child of the first turn in it that is traced, linked to the others. There is none while nobody traces
/// any of them, which costs a look at each commit when there is a listener at all.
/// </summary>
internal static class BatchTrace
{
    private const int MaxLinks = 32;

    private static readonly ActivitySource _source = new("CodexOrleans");

    public static Activity? Start(List<PendingCommit> group)
    {
        if (!_source.HasListeners())
            return null;
        Activity? parent = null;
        List<ActivityLink>? links = null;
        foreach (var pending in group)
        {
            if (pending.Commit?.Activity is not { Recorded: true } turn)
                continue;
            if (parent is null)
                parent = turn;
            else if (turn != parent && (links ??= []).Count < MaxLinks)
                links.Add(new ActivityLink(turn.Context));
        }

        return parent is null ? null : _source.StartActivity("codex.log.commit", ActivityKind.Internal, parent.Context, tags: null, links);
    }

    public static void Stop(Activity? batch, List<PendingCommit> group)
    {
        if (batch is null)
            return;
        var (commits, events, bytes) = Measure(group);
        batch.SetTag("codex.log.batch.size", commits).SetTag("codex.log.events", events).SetTag("codex.log.written", bytes);
        batch.Dispose();
    }

    public static void Fail(Activity batch, StorageFault fault)
    {
        batch.SetTag("error.type", fault.Word()).SetStatus(ActivityStatusCode.Error);
        batch.Dispose();
    }

    /// <summary>What a group that was applied has put into the log.</summary>
    public static (int Commits, long Events, long Bytes) Measure(List<PendingCommit> group)
    {
        var (commits, events, bytes) = (0, 0L, 0L);
        foreach (var pending in group)
        {
            if (pending is not { Commit: { } commit, Outcome: CommitResult.Committed })
                continue;
            commits++;
            events += commit.HeadAfter - commit.ExpectedHead;
            bytes += pending.Size;
        }

        return (commits, events, bytes);
    }
}
