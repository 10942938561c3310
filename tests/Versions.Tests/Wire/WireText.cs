using System.Collections;
using System.Reflection;
using System.Text.Json;
using Orleans.Serialization.Invocation;

namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>
/// A message as text, so that what an old version meant can be compared with what this one reads. Members with default values are left
/// out, as they are on the wire: a member that was added since changes nothing.
/// </summary>
internal static class WireText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => JsonSerializer.Serialize(text),
        byte[] bytes => Convert.ToBase64String(bytes),
        bool or int or long or Enum => $"{value}",
        Guid or TimeSpan => $"{value}",
        IInvokable request => Of(request),
        Response response => $"Response {(response.Exception is { } exception ? Of(exception) : Of(response.Result))}",
        Exception exception => $"{WireContract.Name(exception.GetType())} {exception.Message}",
        _ when value.GetType().IsDefined(typeof(GenerateSerializerAttribute)) && WireContract.Messages.Contains(value.GetType()) => Message(value),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        _ => $"{value}",
    };

    private static string Of(IInvokable request) =>
        $"{WireContract.Name(request.GetInterfaceType())}.{WireContract.Alias(request.GetMethod())}({string.Join(", ", Enumerable.Range(0, request.GetArgumentCount()).Select(request.GetArgument).Where(argument => argument is not CancellationToken).Select(Of))})";

    private static string Message(object message)
    {
        var members = WireContract.Members(message.GetType())
            .Select(member => (member.Id, Value: Get(member.Member, message)))
            .Where(member => !IsDefault(member.Value))
            .Select(member => $"{member.Id}: {Of(member.Value)}");
        return $"{WireContract.Name(message.GetType())} {{ {string.Join(", ", members)} }}";
    }

    private static object? Get(MemberInfo member, object of) => member is FieldInfo field ? field.GetValue(of) : ((PropertyInfo)member).GetValue(of);

    private static bool IsDefault(object? value) => value is null or false or 0 or 0L || value is Enum e && Convert.ToInt64(e) == 0;
}
