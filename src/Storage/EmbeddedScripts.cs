using DbUp.Engine;

namespace CodexOrleans.Storage;

/// <summary>The schema's scripts, which are part of this assembly.</summary>
internal static class EmbeddedScripts
{
    /// <summary>Those below a namespace, in the order of their names.</summary>
    public static IEnumerable<SqlScript> Read(string prefix)
    {
        var assembly = typeof(EmbeddedScripts).Assembly;
        var resources = assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
        foreach (var resource in resources.Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return new SqlScript(resource[prefix.Length..^".sql".Length], reader.ReadToEnd());
        }
    }
}
