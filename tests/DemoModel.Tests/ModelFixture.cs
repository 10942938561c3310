[assembly: AssemblyFixture(typeof(CodexOrleans.DemoModel.Tests.ModelFixture))]

namespace CodexOrleans.DemoModel.Tests;

/// <summary>One model for all tests; it keeps no state that they could share.</summary>
public sealed class ModelFixture : IAsyncLifetime
{
    public DemoModelServer Model { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Model = await DemoModelServer.Start();

    public ValueTask DisposeAsync() => Model.DisposeAsync();
}
