using CodexOrleans.Versions.Tests.Wire;
using Xunit.MicrosoftTestingPlatform;

namespace CodexOrleans.Versions.Tests;

internal static class Program
{
    private const string Usage = "record contract: approve the contract between nodes as it is; record <version>: keep what this code writes as a fixture of that version.";

    public static Task<int> Main(string[] args) => args switch
    {
        ["record", "contract"] => Record(WireContract.Approve),
        ["record", var version] => Record(() => VersionFixture.Of(version).Record()),
        ["record", ..] => throw new ArgumentException(Usage),
        _ => TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };

    private static async Task<int> Record(Func<Task> record)
    {
        await record();
        return 0;
    }
}
