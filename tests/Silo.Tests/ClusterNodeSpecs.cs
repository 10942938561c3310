using CodexOrleans.Codex.Processes;
using CodexOrleans.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace CodexOrleans.Silo.Tests;

/// <summary>The composition of a node.</summary>
public sealed class ClusterNodeSpecs
{
    [Fact]
    public void Orleans_providers_share_one_bounded_pool()
    {
        using var host = Build("Host=db;Database=codex");

        var clustering = host.Services.GetRequiredService<IOptions<AdoNetClusteringSiloOptions>>().Value.ConnectionString;
        var subscriptions = host.Services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get("PubSubStore").ConnectionString;

        Assert.Equal(clustering, subscriptions);
        Assert.Equal(10, new NpgsqlConnectionStringBuilder(clustering).MaxPoolSize);
    }

    [Theory]
    [InlineData(null, "is missing")]
    [InlineData("Hosts=db", "cannot be read")]
    public async Task A_connection_string_that_does_not_do_is_named_at_the_start(string? connectionString, string problem)
    {
        using var host = Build(connectionString);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains($"Storage:ConnectionString {problem}", refused.Message, StringComparison.Ordinal);
    }

    private static IHost Build(string? connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Cluster:Mode"] = "Node",
            ["Storage:Provider"] = nameof(StorageProvider.Postgres),
            ["Storage:ConnectionString"] = connectionString,
        });
        builder.Services.AddSingleton(ProcessTag.Ephemeral());
        builder.UseCodexSilo();
        return builder.Build();
    }
}
