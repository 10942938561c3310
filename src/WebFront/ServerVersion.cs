using System.Reflection;

namespace CodexOrleans.WebFront;

internal static class ServerVersion
{
    /// <summary>The product's version, without the build's commit.</summary>
    public static string Text { get; } =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
