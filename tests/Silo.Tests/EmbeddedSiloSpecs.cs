using System.Diagnostics;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Silo.Tests;

/// <summary>The backend in one process.</summary>
public sealed class EmbeddedSiloSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_thread_answers()
    {
        using var host = await Start("data");

        var attached = await Thread(host).Attach("a front end");

        Assert.False(attached.Exists);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_silo_listens_nowhere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads the process's sockets from /proc.");
        var before = ListeningSockets();

        using var host = await Start("data");
        await Thread(host).Attach("a front end");

        Assert.Empty(ListeningSockets().Except(before));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Two_silos_run_side_by_side_and_know_nothing_of_each_other()
    {
        using var first = await Start("first");
        using var second = await Start("second");

        Assert.False((await Thread(first).Attach("a front end")).Exists);
        Assert.False((await Thread(second).Attach("a front end")).Exists);
        Assert.Equal(1, await Silos(first));
        Assert.Equal(1, await Silos(second));
        await first.StopAsync(TestContext.Current.CancellationToken);
        await second.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_data_directory_has_one_server()
    {
        using var first = await Start("data");

        var refusal = await Assert.ThrowsAsync<StorageException>(() => Start("data"));

        Assert.Equal(StorageFault.Locked, refusal.Fault);
        Assert.Contains(_folder["data"], refusal.Message);
        await first.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_the_silo_knows_of_its_CLI_can_be_asked()
    {
        using var host = await Start("data", ("Codex:ExecutablePath", RealCodex.Path));

        var facts = await host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICodexInstallationGrain>(0).Get();

        Assert.True(facts.Installed);
        Assert.Equal((RealCodex.Path, "0.169.0"), (facts.Path, facts.Version));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_an_earlier_start_left_running_is_ended_before_the_silo_is_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes by their environment in /proc.");
        var earlier = new ProcessStartInfo("sleep", ["600"]);
        using (var data = DataDirectory.Open(_folder["data"]))
            earlier.Environment[ProcessTag.HostVariable] = ProcessTag.Of(InstallationId.Of(data)).Value;
        earlier.Environment[ProcessTag.TurnVariable] = Guid.CreateVersion7().ToString();
        using var stray = Process.Start(earlier)!;
        try
        {
            using var host = await Start("data");

            await Condition.Becomes(() => stray.HasExited);
            await host.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            stray.Kill();
        }
    }

    private static IThreadGrain Thread(IHost host) => host.Services.GetRequiredService<IGrainFactory>().GetGrain<IThreadGrain>(Guid.NewGuid());

    private static async Task<int> Silos(IHost host) =>
        (await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count;

    private static HashSet<string> ListeningSockets()
    {
        const string listening = "0A";
        var own = Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).Where(target => target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
            .Select(target => target!["socket:[".Length..^1]).ToHashSet();
        return new[] { "/proc/self/net/tcp", "/proc/self/net/tcp6" }
            .SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 9 && columns[3] == listening && own.Contains(columns[9]))
            .Select(columns => columns[9]).ToHashSet();
    }

    private async Task<IHost> Start(string data, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(_ => DataDirectory.Open(_folder[data]));
        builder.UseCodexSilo();
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }
}
