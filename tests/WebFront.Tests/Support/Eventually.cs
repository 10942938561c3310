namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>Waits for what no event announces.</summary>
internal static class Eventually
{
    public static async Task True(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition())
            await Task.Delay(5, patience.Token);
    }
}
