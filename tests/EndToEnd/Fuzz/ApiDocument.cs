using System.Text.Json;
using System.Text.RegularExpressions;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>What the server's OpenAPI document says can be asked: the fuzz grows with it.</summary>
public sealed partial class ApiDocument
{
    private readonly JsonElement _root;

    private ApiDocument(JsonElement root)
    {
        _root = root;
        Operations =
            [.. root.GetProperty("paths").EnumerateObject()
                .SelectMany(path => path.Value.EnumerateObject().Select(operation => Read(path.Name, operation)))];
        // Descriptions name the values that fields take: read-only, cached, …
        Words = [.. Word().Matches(root.GetRawText()).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<ApiOperation> Operations { get; }

    /// <summary>Words of the document.</summary>
    public IReadOnlyList<string> Words { get; }

    public static async Task<ApiDocument> Read(HttpClient client, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync("/openapi/v1.json", cancellationToken);
        response.EnsureSuccessStatusCode();
        return new ApiDocument(JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement);
    }

    /// <summary>The schema itself, where a reference to it may stand, and of alternatives the last.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (true)
        {
            if (schema.TryGetProperty("$ref", out var reference))
                schema = _root.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
            else if (schema.TryGetProperty("oneOf", out var alternatives))
                schema = alternatives[alternatives.GetArrayLength() - 1];
            else
                return schema;
        }
    }

    private static ApiOperation Read(string path, JsonProperty operation)
    {
        var parameters = operation.Value.TryGetProperty("parameters", out var all) ? all.EnumerateArray().ToList() : [];
        return new(
            operation.Name.ToUpperInvariant(),
            path,
            Names(parameters, "query"),
            Names(parameters, "header"),
            operation.Value.TryGetProperty("requestBody", out var body)
                ? body.GetProperty("content").GetProperty("application/json").GetProperty("schema")
                : null);
    }

    private static List<string> Names(IEnumerable<JsonElement> parameters, string place) =>
        [.. parameters
            .Where(parameter => parameter.GetProperty("in").GetString() == place)
            .Select(parameter => parameter.GetProperty("name").GetString()!)];

    [GeneratedRegex("[a-z]+(-[a-z]+)*")]
    private static partial Regex Word();
}

/// <summary>One method of one path.</summary>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Body">Schema of the JSON body, if it takes one.</param>
public sealed record ApiOperation(
    string Method, string Path, IReadOnlyList<string> Queries, IReadOnlyList<string> Headers, JsonElement? Body);
