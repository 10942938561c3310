using CodexOrleans.Grains;
using Orleans.Runtime.Placement;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Starts a turn where there is a slot for it.</summary>
internal static class TurnDispatch
{
    /// <summary>Each try may find its slot gone again; after so many the turn waits where it is.</summary>
    private const int MostMoves = 3;

    /// <inheritdoc cref="IThreadGrain.StartTurn"/>
    public static async ValueTask<StartTurnResult> Start(
        IThreadGrain thread, TurnRequest request, string front, CancellationToken cancellationToken)
    {
        for (var moves = 0; ; moves++)
        {
            var admission = request.Admission with { MayMove = moves < MostMoves };
            var result = await thread.StartTurn(request with { Admission = admission }, front, cancellationToken);
            if (result.Elsewhere is not { } slot)
                return result;
            request = request with { Admission = request.Admission with { Slot = slot } };
            // The hint holds until this method returns.
            RequestContext.Set(IPlacementDirector.PlacementHintKey, slot.Silo);
        }
    }
}
