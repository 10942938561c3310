using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;

namespace CodexOrleans.EndToEnd.Page.Rendering;

/// <summary>A server whose CLI prints the lines that a test wants to see drawn, and a browser to look at it with.</summary>
public sealed class BrowsedScript : Browsed
{
    private ServerProcess? _server;
    private Stage? _stage;

    public override Stage Stage => _stage!;

    protected override Uri Address => _server!.Address;

    protected override string Token => _server!.Token;

    /// <summary>A thread with one turn, in which the CLI printed these items, each as it is when it is completed.</summary>
    public async Task<Guid> Thread(params string[] items)
    {
        var script = Path.Combine(Stage.NewFolder(), "items.jsonl");
        await File.WriteAllLinesAsync(script, items.Select((item, index) =>
            $$"""{"type":"item.completed","item":{"id":"item_{{index}}",{{item[1..]}}}"""));
        using var api = new CodexApi(_server!.CreateClient(), TestContext.Current.CancellationToken);
        var turn = await api.Turn(new { prompt = $"started; cat '{script}'; completed" });
        Assert.Equal("turn.completed", turn.End.Type);
        return turn.ThreadId;
    }

    protected override async Task Serve()
    {
        _stage = await Stage.Open();
        _stage.Settings["Codex:ExecutablePath"] = FakeCli.Path;
        _server = await _stage.StartServer();
    }

    protected override async ValueTask End()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_stage is not null)
            await _stage.DisposeAsync();
    }
}
