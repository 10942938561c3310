using System.Text.RegularExpressions;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>A server and a browser to look at it with. The cluster's tests have a class of this name that is three nodes behind a balancer.</summary>
public sealed partial class BrowsedServer : Browsed
{
    private readonly List<ServerProcess> _servers = [];
    private Stage? _stage;

    public override Stage Stage => _stage!;

    public ServerProcess Server => _servers[^1];

    /// <summary>The one-time link that the server printed.</summary>
    public string SignInLink => SignInPattern().Match(Server.Output).Value;

    protected override Uri Address => Server.Address;

    protected override string Token => Server.Token;

    /// <summary>kill -9, and a new server on the same data and address.</summary>
    public async Task KillAndRestart()
    {
        var address = Server.Address;
        await Server.Kill();
        _servers.Add(await ServerProcess.Start(Stage.DataDirectory, Stage.Settings, $"--urls={address.GetLeftPart(UriPartial.Authority)}"));
    }

    protected override async Task Serve()
    {
        _stage = await Stage.Open(TinyMcpServer.Configuration);
        _servers.Add(await Stage.StartServer());
        await Server.Said("/sign-in?ticket=");
    }

    protected override async ValueTask End()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (_stage is not null)
            await _stage.DisposeAsync();
    }

    [GeneratedRegex(@"http://\S+/sign-in\?ticket=\S+")]
    private static partial Regex SignInPattern();
}
