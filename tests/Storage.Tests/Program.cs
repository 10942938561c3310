using CodexOrleans.Storage.Tests.Child;
using Xunit.MicrosoftTestingPlatform;

namespace CodexOrleans.Storage.Tests;

internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [ChildProcess.Argument, nameof(Burst), var file] => Burst.Run(file),
        [ChildProcess.Argument, nameof(LockHolder), var mode, var file] => LockHolder.Run(mode, file),
        _ => TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };
}
