using System.ComponentModel;

namespace CodexOrleans.WebFront.Threads;

/// <summary>What a caller may send to interrupt.</summary>
internal sealed record InterruptBody
{
    [Description("Interrupt only if this turn is the running one; without it, whichever runs.")]
    public Guid? TurnId { get; set; }
}

/// <summary>The turn that is being interrupted; its terminal event follows on the thread.</summary>
internal sealed record InterruptedTurn(Guid TurnId);
