using CodexOrleans.Silo;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Refuses a node that has no token yet and would make one of its own: what a client gets in with at one node must open the others, and
/// the sessions of browsers are signed with it.
/// </summary>
/// <param name="data">
/// Asked for when it is needed: to open it is to lock it, and a program that only migrates the database must not.
/// </param>
internal sealed class SharedToken(IOptions<CodexClusterOptions> cluster, Func<DataDirectory> data) : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options) =>
        cluster.Value.Mode == ClusterMode.Embedded || options.Mode == AuthMode.None
            || options.Token is not null || options.TokenHash is not null || File.Exists(data().TokenFile)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                "Auth:Token or Auth:TokenHash must be set, to the same on all nodes of the cluster (for one, run: openssl rand -hex "
                    + "32). A file 'token' in each node's data directory that holds it does as well.");
}
