namespace CodexOrleans.WebFront.Health;

/// <summary>What is known of the CLI, for <c>/health</c> and the start banner.</summary>
/// <param name="Installed">An executable was found and answers.</param>
/// <param name="Path">Its absolute path.</param>
/// <param name="Version">As it names it, such as <c>0.169.0</c>.</param>
/// <param name="Login">
/// How it is logged in: <c>chatgpt</c>, <c>api_key</c>, <c>provider</c> (one of the operator's own), <c>none</c> or <c>unknown</c>.
/// </param>
/// <param name="Message">What the operator has to do, or null when nothing is missing.</param>
public sealed record CodexStatus(bool Installed, string? Path, string? Version, string Login, string? Message);

/// <summary>
/// Where the front end learns about the CLI. Register one with a delegate that reads known facts: it runs for every
/// <c>/health</c> request and must not start a process each time.
/// </summary>
public sealed class CodexStatusReader(Func<CancellationToken, ValueTask<CodexStatus>> read)
{
    public ValueTask<CodexStatus> Read(CancellationToken cancellationToken) => read(cancellationToken);
}
