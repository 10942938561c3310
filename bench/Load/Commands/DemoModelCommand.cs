using System.CommandLine;
using CodexOrleans.DemoModel;

namespace CodexOrleans.Load.Commands;

/// <summary><c>demo-model</c>: the scripted model as a process of its own, so that its CPU time is not the generator's.</summary>
internal static class DemoModelCommand
{
    public const string Name = "demo-model";

    public static Command Create()
    {
        var command = new Command(Name, "Serve the scripted model until standard input ends; prints its base URL and key.") { Hidden = true };
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var model = await DemoModelServer.Start();
            Console.WriteLine(model.BaseUrl);
            Console.WriteLine(model.Key);
            while (await Console.In.ReadLineAsync(cancellationToken) is not null)
            {
                // Nothing is said on standard input; its end is the sign.
            }
        });
        return command;
    }
}
