using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Grains.Hosting;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>A real silo with a real log, and an engine that the test plays.</summary>
internal sealed class ThreadHost : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly TemporaryFolder _folder;
    private readonly DataDirectory _data;

    private ThreadHost(InProcessTestCluster cluster, TemporaryFolder folder, DataDirectory data, ScriptedEngine engine, ShiftedTime time, Activations activations)
    {
        Activations = activations;
        Time = time;
        _cluster = cluster;
        _folder = folder;
        _data = data;
        Engine = engine;
    }

    public ScriptedEngine Engine { get; }

    /// <summary>The silo's clock.</summary>
    public ShiftedTime Time { get; }

    public Activations Activations { get; }

    public FaultyStore Store => Services.GetRequiredService<FaultyStore>();

    public TurnSlots Slots => Services.GetRequiredService<TurnSlots>();

    /// <summary>The silo's name as the owner of turns.</summary>
    public string Name => Services.GetRequiredService<ProcessTag>().Value;

    /// <summary>A folder that turns may work in; no git repository.</summary>
    public string WorkingDirectory => _folder["workspace"];

    /// <summary>The server's own data.</summary>
    public DataDirectory Data => _data;

    private IServiceProvider Services => _cluster.Silos[0].ServiceProvider;

    /// <param name="configure">Changes the engine options.</param>
    /// <param name="before">Runs against the log before the silo starts: what an earlier process left there.</param>
    /// <param name="faults">Sets what fails from the silo's start on.</param>
    /// <param name="archive">Where the CLI's records are kept for other nodes, as in a cluster.</param>
    public static async Task<ThreadHost> Start(
        Action<CodexOptions>? configure = null, Func<IThreadStore, Task>? before = null, Action<FaultyStore>? faults = null, ISessionArchive? archive = null)
    {
        var folder = new TemporaryFolder();
        var data = DataDirectory.Open(folder["data"]);
        Directory.CreateDirectory(folder["workspace"]);
        if (before is not null)
            await Prepare(data, before);

        var engine = new ScriptedEngine(folder["home"]);
        var time = new ShiftedTime();
        var activations = new Activations();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<TimeProvider>(time);
            silo.Services.AddSingleton<IConfigureGrainContextProvider>(activations);
            silo.Services.AddSingleton(data);
            silo.Services.AddThreadStore();
            silo.Services.AddSingleton(services =>
            {
                var store = new FaultyStore(services.GetRequiredService<IOpenStore>());
                faults?.Invoke(store);
                return store;
            });
            silo.Services.AddSingleton<IThreadStore>(services => services.GetRequiredService<FaultyStore>());
            silo.Services.AddSingleton<IThreadReader>(services => services.GetRequiredService<FaultyStore>());
            silo.AddMemoryGrainStorage("PubSubStore");
            silo.AddPushStreams(ThreadStreams.Provider);
            silo.Services.AddSingleton<ICodexEngine>(engine);
            silo.Services.AddCodexGrains();
            if (archive is not null)
                silo.Services.AddSingleton(archive);
            silo.Services.Configure<CodexOptions>(options =>
            {
                options.Home = folder["home"];
                configure?.Invoke(options);
            });
        });
        builder.ConfigureClient(client => client.AddPushStreams(ThreadStreams.Provider));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new ThreadHost(cluster, folder, data, engine, time, activations);
    }

    public IThreadGrain Thread(Guid id) => _cluster.Client.GetGrain<IThreadGrain>(id);

    /// <summary>One more sweep, not started, that finds threads where the test says.</summary>
    public TurnSweep CreateSweep(IGrainFactory grains) => ActivatorUtilities.CreateInstance<TurnSweep>(Services, grains);

    public async Task<FrontProbe> OpenFront(Func<ThreadEventBatch, Task>? onBatch = null)
    {
        var front = new FrontProbe(onBatch);
        var provider = _cluster.Client.GetStreamProvider(ThreadStreams.Provider);
        await provider.GetStream<ThreadEventBatch>(ThreadStreams.ForFront(front.Id)).SubscribeAsync(front);
        return front;
    }

    /// <summary>A request that needs no folder of the thread's own.</summary>
    public TurnRequest Request(string prompt = "hello", bool newThread = true, ThreadOptions? options = null) => new()
    {
        Prompt = prompt,
        NewThread = newThread,
        Options = (options ?? new ThreadOptions()) with { WorkingDirectory = WorkingDirectory, SkipGitRepoCheck = true },
    };

    public Task<StartTurnResult> Submit(Guid thread, string prompt = "hello", bool newThread = true, FrontProbe? front = null) =>
        Thread(thread).StartTurn(Request(prompt, newThread), front?.Id, TestContext.Current.CancellationToken).AsTask();

    public async Task<ThreadRecord?> ReadThread(Guid thread) => await Store.ReadThread(thread, TestContext.Current.CancellationToken);

    public async Task<TurnRecord?> ReadTurn(Guid turn) => await Store.ReadTurn(turn, TestContext.Current.CancellationToken);

    /// <summary>The log's events, a line each.</summary>
    public async Task<List<string>> Log(Guid thread)
    {
        List<string> lines = [];
        while (true)
        {
            var chunks = await Store.ReadChunks(thread, lines.Count, 1 << 20, TestContext.Current.CancellationToken);
            if (chunks.Count == 0)
                return lines;
            foreach (var chunk in chunks)
            {
                Assert.Equal(lines.Count + 1, chunk.FirstSeq);
                lines.AddRange(System.Text.Encoding.UTF8.GetString(chunk.Lines).TrimEnd('\n').Split('\n'));
                Assert.Equal(lines.Count, chunk.LastSeq);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Engine.End();
        await _cluster.DisposeAsync();
        _data.Dispose();
        _folder.Dispose();
    }

    private static async Task Prepare(DataDirectory data, Func<IThreadStore, Task> before)
    {
        await using var store = new SqliteThreadStore(data.Database);
        await store.Open();
        await before(store);
    }
}
