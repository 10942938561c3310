using Orleans.Concurrency;

namespace CodexOrleans.Grains;

/// <summary>What the silo that answers knows of its Codex CLI. Any key; every silo answers for itself.</summary>
[Alias("codex.ICodexInstallationGrain")]
public interface ICodexInstallationGrain : IGrainWithIntegerKey
{
    /// <summary>Cheap: the facts are cached and asked for anew from time to time.</summary>
    [Alias("Get")]
    ValueTask<CodexInstallationFacts> Get();

    /// <summary>Answers at once, whatever the CLI does: shows that grains can be called.</summary>
    [Alias("Ping"), AlwaysInterleave]
    ValueTask Ping();
}

/// <summary>The CLI on one silo.</summary>
/// <param name="Installed">Whether turns can be started.</param>
/// <param name="Path">The native binary, or null.</param>
/// <param name="Version">What <c>codex --version</c> says, or null.</param>
/// <param name="Login"><c>chatgpt</c>, <c>api_key</c>, <c>provider</c> (an operator's provider that needs no login), <c>none</c> or <c>unknown</c>.</param>
/// <param name="Problem">What is missing and the command that mends it, or null.</param>
[GenerateSerializer, Immutable, Alias("codex.CodexInstallationFacts")]
public sealed record CodexInstallationFacts(
    [property: Id(0)] bool Installed,
    [property: Id(1)] string? Path,
    [property: Id(2)] string? Version,
    [property: Id(3)] string Login,
    [property: Id(4)] string? Problem);
