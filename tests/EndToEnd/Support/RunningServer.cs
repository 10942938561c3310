namespace CodexOrleans.EndToEnd.Support;

/// <summary>One server on a stage of its own, shared by the tests of a class.</summary>
public class RunningServer : IAsyncLifetime
{
    private ServerProcess? _server;

    public Stage Stage { get; private set; } = null!;

    public ServerProcess Server => _server ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>Further TOML for the CLI's configuration.</summary>
    protected virtual string CodexConfig => "";

    public async ValueTask InitializeAsync()
    {
        Stage = await Stage.Open(CodexConfig);
        Configure(Stage.Settings);
        await Restart();
    }

    /// <summary>A client of the running server.</summary>
    public CodexApi Connect(CancellationToken cancellationToken) => new(Server.CreateClient(), cancellationToken);

    /// <summary>Starts a new server unless one runs: a test that has failed in between may have left none.</summary>
    public async Task EnsureRunning()
    {
        if (_server is null || _server.HasExited)
            await Restart();
    }

    /// <summary>Starts a new server on the same data; the old one is ended by SIGTERM unless it is dead already.</summary>
    public async Task Restart()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
        _server = await Stage.StartServer();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (Stage is not null)
            await Stage.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual void Configure(IDictionary<string, string> settings)
    {
    }
}
