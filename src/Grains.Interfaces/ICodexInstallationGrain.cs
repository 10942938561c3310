using Orleans.Concurrency;

namespace CodexOrleans.Grains;

/// <summary>The Codex CLI of the silo that answers the call. Any key works.</summary>
[Alias("codex.ICodexInstallationGrain")]
public interface ICodexInstallationGrain : IGrainWithIntegerKey
{
    /// <summary>Returns cached facts, which are refreshed from time to time.</summary>
    [Alias("Get")]
    ValueTask<CodexInstallationFacts> Get();

    /// <summary>Returns at once without asking the CLI: shows that grains can be called.</summary>
    [Alias("Ping"), AlwaysInterleave]
    ValueTask Ping();
}

/// <summary>The CLI on one silo.</summary>
/// <param name="Installed">Whether turns can be started.</param>
/// <param name="Path">The native binary, or null.</param>
/// <param name="Version">What <c>codex --version</c> says, or null.</param>
/// <param name="Login">
/// <c>chatgpt</c>, <c>api_key</c>, <c>provider</c> (an operator's provider that needs no login), <c>none</c> or <c>unknown</c>.
/// </param>
/// <param name="Problem">What is missing and the command that mends it, or null.</param>
[GenerateSerializer, Immutable, Alias("codex.CodexInstallationFacts")]
public sealed record CodexInstallationFacts(
    [property: Id(0)] bool Installed,
    [property: Id(1)] string? Path,
    [property: Id(2)] string? Version,
    [property: Id(3)] string Login,
    [property: Id(4)] string? Problem);
