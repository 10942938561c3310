using System.Reflection;
using System.Runtime.CompilerServices;
using CodexOrleans.Grains;
using CodexOrleans.Grains.Threads;
using CodexOrleans.Streams;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>What processes of a cluster say to each other, one line for each method and each numbered member.</summary>
internal static class WireContract
{
    public static readonly string ApprovedFile = Path.Combine(Repository.Root, "tests", "Fixtures", "wire-contract.txt");

    private static readonly Assembly[] _assemblies = [typeof(IThreadGrain).Assembly, typeof(IQueueGrain).Assembly, typeof(ThreadGrain).Assembly, typeof(Silo.CodexSiloExtensions).Assembly];

    /// <summary>Grain interfaces of this project.</summary>
    public static IEnumerable<Type> Interfaces => Types.Where(type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)));

    /// <summary>Types of this project that are sent.</summary>
    public static IEnumerable<Type> Messages => Types.Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false));

    private static IEnumerable<Type> Types => _assemblies.SelectMany(assembly => assembly.GetTypes());

    public static IReadOnlyList<string> Lines =>
    [
        .. Interfaces.SelectMany(type => type.GetMethods().Select(method => $"{Name(type)}.{Alias(method)} {Name(method.ReturnType)} ({string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)))})"))
            .Concat(Messages.SelectMany(LinesOf))
            .Order(StringComparer.Ordinal),
    ];

    public static Task Approve() => File.WriteAllLinesAsync(ApprovedFile, Lines);

    /// <summary>The numbered members of a message, fields too.</summary>
    public static IReadOnlyList<(uint Id, MemberInfo Member)> Members(Type type) =>
    [
        .. type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(member => (member.GetCustomAttribute<IdAttribute>()?.Id, Member: member))
            .Where(numbered => numbered.Id is not null)
            .Select(numbered => (numbered.Id!.Value, numbered.Member))
            .OrderBy(numbered => numbered.Value),
    ];

    /// <summary>What holds state and has no number, so that it would be lost on the way.</summary>
    public static IEnumerable<string> Unnumbered(Type type)
    {
        if (type.IsEnum || type.IsAssignableTo(typeof(Exception)))
            return [];
        var numbered = Members(type).Select(member => member.Member.Name).ToHashSet();
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(field => field.IsDefined(typeof(CompilerGeneratedAttribute)) ? field.Name.Split('<', '>')[1] : field.Name)
            .Where(name => !numbered.Contains(name))
            .Select(name => $"{Name(type)}.{name}");
    }

    public static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    /// <summary>What the type is called on the wire, in words.</summary>
    public static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
            return $"{Name(value)}?";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[]";
        if (Alias(type) is { } alias)
            return alias;
        return type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.Name;
    }

    private static IEnumerable<string> LinesOf(Type type) => type.IsEnum
        ? Enum.GetNames(type).Select(name => $"{Name(type)} {Convert.ToInt64(Enum.Parse(type, name))} {name}")
        : Members(type) is { Count: > 0 } members
            ? members.Select(member => $"{Name(type)} {member.Id} {member.Member.Name} {Name(TypeOf(member.Member))}")
            : [$"{Name(type)} -"];

    private static Type TypeOf(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;
}
