using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>Refuses to start a silo with impossible settings; all problems in one message.</summary>
/// <param name="through">The provider that crosses processes, or null.</param>
/// <param name="exists">Tells whether a stream provider of a name has been added.</param>
internal sealed class DirectStreamOptionsValidator(
    string name, string? through, DirectStreamOptions options, Predicate<string> exists) : IConfigurationValidator
{
    public static IConfigurationValidator Create(IServiceProvider services, string name, string? through)
    {
        var registrations = services.GetRequiredService<IServiceProviderIsKeyedService>();
        return new DirectStreamOptionsValidator(
            name,
            through,
            services.GetRequiredService<IOptionsMonitor<DirectStreamOptions>>().Get(name),
            provider => registrations.IsKeyedService(typeof(IStreamProvider), provider));
    }

    public void ValidateConfiguration()
    {
        var problems = Problems().ToList();
        if (problems.Count > 0)
            throw new OrleansConfigurationException($"Direct stream provider '{name}' is misconfigured: {string.Join(" ", problems)}");
    }

    private IEnumerable<string> Problems()
    {
        if (through == name)
            yield return "It reaches other processes through itself; name another provider, or none.";
        else if (through is not null && !exists(through))
            yield return $"It reaches other processes through provider '{through}', which has not been added; add it, or name another one.";
        if (options.MaxPendingEvents < 1)
            yield return $"MaxPendingEvents is {options.MaxPendingEvents}; use at least 1.";
        if (options.MaxPendingBytes < 1)
            yield return $"MaxPendingBytes is {options.MaxPendingBytes}; use at least 1.";
    }
}
