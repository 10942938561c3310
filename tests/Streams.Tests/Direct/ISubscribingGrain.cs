namespace CodexOrleans.Streams.Tests.Direct;

/// <summary>Uses the stream of its own key.</summary>
[Alias("push.tests.ISubscribingGrain")]
public interface ISubscribingGrain : IGrainWithStringKey
{
    /// <returns>Why it was refused.</returns>
    [Alias("Subscribe")]
    Task<string> Subscribe(string provider);

    [Alias("Publish")]
    Task Publish(string provider, TestEvent item);
}
