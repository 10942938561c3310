using System.Security.Cryptography;

namespace CodexOrleans.Storage.Data;

/// <summary>The secret of <see cref="IBrowserSessionStore.ReadSessionSecret"/>, as stores keep it.</summary>
internal static class SessionSecret
{
    public const string Name = "browser-sessions";

    public static byte[] Create() => RandomNumberGenerator.GetBytes(32);
}
