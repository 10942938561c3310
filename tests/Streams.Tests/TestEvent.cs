namespace CodexOrleans.Streams.Tests;

[GenerateSerializer, Immutable, Alias("push.tests.TestEvent")]
public sealed record TestEvent([property: Id(0)] int Producer, [property: Id(1)] int Number);
