using CodexOrleans.Codex.Installation;
using Orleans.Concurrency;

namespace CodexOrleans.Grains;

[StatelessWorker]
internal sealed class CodexInstallationGrain(CodexInstallation installation) : Grain, ICodexInstallationGrain
{
    public async ValueTask<CodexInstallationFacts> Get()
    {
        var facts = await installation.GetFacts();
        var login = facts.Login switch
        {
            LoginState.LoggedOut => "none",
            LoginState.ChatGpt => "chatgpt",
            LoginState.ApiKey => "api_key",
            LoginState.CustomProvider => "provider",
            _ => "unknown",
        };
        return new CodexInstallationFacts(facts.Installed, facts.Path, facts.Version, login, facts.Problem);
    }

    public ValueTask Ping() => default;
}
