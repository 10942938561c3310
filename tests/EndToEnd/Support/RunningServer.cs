namespace CodexOrleans.EndToEnd.Support;

/// <summary>
/// One server on a stage of its own, shared by the tests of a class. The cluster's tests have a class of this name and shape that is three
/// nodes: specs that ask for no more than what both have run against both.
/// </summary>
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

    /// <summary>Everything the server has printed so far.</summary>
    public string Output => Server.Output;

    /// <summary>The server's bearer token.</summary>
    public string Token => Server.Token;

    /// <summary>A client of the running server.</summary>
    public CodexApi Connect(CancellationToken cancellationToken) => new(Server.CreateClient(), cancellationToken);

    /// <summary>Starts another server with the same model; the caller's to dispose.</summary>
    /// <param name="data">Its data, such as a server's that ended; a new folder when null.</param>
    /// <param name="changes">Settings that differ from the running server's.</param>
    public Task<ServerProcess> StartAnother(string? data = null, params (string Key, string Value)[] changes)
    {
        var settings = new Dictionary<string, string>(Stage.Settings);
        foreach (var (key, value) in changes)
            settings[key] = value;
        return ServerProcess.Start(data ?? Stage.NewFolder(), settings);
    }

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
