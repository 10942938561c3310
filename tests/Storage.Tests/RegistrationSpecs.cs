using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Storage.Tests;

public sealed class RegistrationSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_log_is_open_before_any_hosted_service_starts_and_until_the_last_has_stopped()
    {
        var owner = new Owner();
        string database;
        using (var data = DataDirectory.Open(_folder["data"]))
        {
            database = data.Database;
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddSingleton(data);
            // Registered before the store: neither order may matter.
            builder.Services.AddHostedService(provider => new Writer(provider.GetRequiredService<IThreadStore>(), owner));
            builder.Services.AddThreadStore();
            using var host = builder.Build();
            await host.StartAsync(Cancellation);
            Assert.Same(host.Services.GetRequiredService<IThreadStore>(), host.Services.GetRequiredService<IThreadReader>());
            Assert.Equal(["start"], await host.Services.GetRequiredService<IThreadReader>().ReadLines(owner.ThreadId));
            await host.StopAsync(Cancellation);
        }

        Assert.False(File.Exists(database + "-wal"));
        await using var store = new Storage.Sqlite.SqliteThreadStore(database);
        await store.Open(Cancellation);
        Assert.Equal(["start", "stop"], await store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task A_connection_string_says_where_the_file_is()
    {
        using var host = HostWith(new() { ["Storage:ConnectionString"] = $"Data Source={_folder["elsewhere.db"]}" });
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<IThreadStore>().CheckHealth(Cancellation);
        await host.StopAsync(Cancellation);

        Assert.True(File.Exists(_folder["elsewhere.db"]));
    }

    [Fact]
    public async Task All_problems_of_the_configuration_are_told_at_once()
    {
        using var host = HostWith(new()
        {
            ["Storage:ConnectionString"] = "Data Source=:memory:",
            ["Storage:RetryFor"] = "-00:00:01",
            ["Storage:Synchronous"] = "17",
            ["Storage:Provider"] = "9",
        });

        var failed = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));

        foreach (var key in (string[])["Storage:ConnectionString", "Storage:RetryFor", "Storage:Synchronous", "Storage:Provider"])
            Assert.Contains(key, failed.Message);
    }

    [Theory]
    [InlineData("Data Source=")]
    [InlineData("Data Source=x.db;Mode=Memory")]
    [InlineData("no connection string")]
    [InlineData("Host=localhost;Database=codex")]
    public async Task A_connection_string_that_names_no_file_is_refused(string connectionString)
    {
        using var host = HostWith(new() { ["Storage:ConnectionString"] = connectionString });

        var failed = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));

        Assert.Contains("Storage:ConnectionString", failed.Message);
    }

    private static IHost HostWith(Dictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddThreadStore();
        return builder.Build();
    }

    private sealed class Writer(IThreadStore store, Owner owner) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) => await store.Commit(owner.StartTurn("start"));

        public async Task StopAsync(CancellationToken cancellationToken) => await store.Commit(owner.Append("stop"));
    }
}
