using System.Reflection;
using CodexOrleans.TestSupport;

namespace CodexOrleans.WebFront.Tests;

/// <summary>The README's table of settings.</summary>
public sealed class SettingSpecs
{
    [Fact]
    public void The_README_has_every_setting()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var settings = Sections().SelectMany(section => section.Options.GetProperties().Where(IsBound).Select(property => $"{section.Name}:{property.Name}"))
            .Concat(typeof(ServerOptions).GetProperties().Select(property => property.Name).Except([nameof(ServerOptions.Demo)]))
            .ToList();

        Assert.True(settings.Count > 30);
        Assert.All(settings, setting => Assert.Contains($"`{setting}", readme, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, Type Options)> Sections() =>
        from assembly in Loaded(typeof(Program).Assembly, []).Values
        from type in assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section is { IsLiteral: true }
        select ((string)section.GetRawConstantValue()!, type);

    /// <summary>What configuration can set: values, and lists that it adds to.</summary>
    private static bool IsBound(PropertyInfo property) =>
        property.CanWrite || (property.PropertyType != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(property.PropertyType) && property.GetMethod!.IsPublic);

    private static Dictionary<string, Assembly> Loaded(Assembly assembly, Dictionary<string, Assembly> known)
    {
        if (known.TryAdd(assembly.GetName().Name!, assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("CodexOrleans", StringComparison.Ordinal)))
                Loaded(Assembly.Load(name), known);
        }

        return known;
    }
}
