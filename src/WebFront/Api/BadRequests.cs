using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Api;

/// <summary>
/// Says what is wrong with a request that the framework refused: which field, at which position, but nothing of its content.
/// </summary>
internal static partial class BadRequests
{
    private const int LongestNameShown = 64;

    public static Problem Explain(HttpContext context, BadHttpRequestException exception)
    {
        if (exception.StatusCode != StatusCodes.Status400BadRequest)
            return new Problem(ProblemCodes.OfStatus(exception.StatusCode), status: exception.StatusCode);
        if (exception.InnerException is JsonException json)
            return ExplainJson(json, BodyType(context));
        if (exception.Message.Contains("body", StringComparison.Ordinal))
            return Problems.Of(ProblemCodes.InvalidJson, "The request needs a JSON object as its body.");
        return ParameterName().Match(exception.Message) is { Success: true } match
            ? Problems.Of(ProblemCodes.InvalidValue, $"The parameter '{match.Groups["name"].Value}' is missing or does not fit.")
            : Problems.Of(ProblemCodes.InvalidRequest);
    }

    private static Problem ExplainJson(JsonException json, JsonTypeInfo? type)
    {
        var at = $"line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}";
        // The reader's own exceptions are about syntax; those of converters and contracts have none inside.
        if (json.InnerException is JsonException || type is null)
            return Problems.Of(ProblemCodes.InvalidJson, $"The body is not valid JSON: see {at}.");

        var (known, unknown) = Follow(json.Path, type);
        if (unknown is not null)
            return Problems.Of(ProblemCodes.UnknownField, $"Unknown field '{Shorten(unknown)}'. Known here: {string.Join(", ", known.Properties.Select(p => p.Name).Order())}.");

        var missing = known.Properties.Where(p => p.IsRequired && json.Message.Contains($"'{p.Name}'", StringComparison.Ordinal)).Select(p => p.Name).ToArray();
        return missing.Length > 0
            ? Problems.Of(ProblemCodes.MissingField, $"Missing: {string.Join(", ", missing)}.")
            : Problems.Of(ProblemCodes.InvalidValue, $"A value of the body does not fit its field, or the field occurs twice: see {at}.");
    }

    /// <summary>Walks a path such as <c>$.a.b[0].c</c> through the contract: how far it is known, and the first name that is not.</summary>
    private static (JsonTypeInfo Known, string? Unknown) Follow(string? path, JsonTypeInfo type)
    {
        foreach (Match segment in PathSegment().Matches(path ?? ""))
        {
            if (type.Kind != JsonTypeInfoKind.Object)
                break;
            var name = segment.Groups["name"].Value;
            var property = type.Properties.FirstOrDefault(p => p.Name == name);
            if (property is null)
                return (type, name);
            type = type.Options.GetTypeInfo(property.PropertyType);
        }

        return (type, null);
    }

    private static JsonTypeInfo? BodyType(HttpContext context)
    {
        // The exception handler has taken the endpoint off the request.
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
        var type = endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return type is null ? null : options.GetTypeInfo(type);
    }

    private static string Shorten(string name) => name.Length <= LongestNameShown ? name : name[..LongestNameShown] + "…";

    [GeneratedRegex("""\.(?<name>[^.\[\]']+)|\['(?<name>[^']*)'\]""")]
    private static partial Regex PathSegment();

    [GeneratedRegex("""parameter "(?:[^" ]+ )?(?<name>\w+)(?: [^"]*)?" """)]
    private static partial Regex ParameterName();
}
