using System.Text.Json;
using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CodexOrleans.WebFront.Reference;

/// <summary>What the framework's description of the API leaves out or has wrong.</summary>
internal static class ApiSchemas
{
    /// <summary>Whatever goes wrong is told by a problem, also with statuses that an endpoint does not list.</summary>
    public static Task DescribeProblems(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "A problem",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemMetadata.ContentType] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), context.Document) },
            },
        };
        foreach (var (status, response) in operation.Responses)
        {
            var mayComeAgain = status is "429" or "503" && response.Content?.ContainsKey(ProblemMetadata.ContentType) == true;
            if (!mayComeAgain || response is not OpenApiResponse described)
                continue;
            described.Headers ??= new Dictionary<string, IOpenApiHeader>();
            described.Headers["Retry-After"] = new OpenApiHeader
            {
                Description = "Seconds after which it makes sense to try again, if that is known.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
            };
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// The schema of JSON that is passed on has any members. A schema transformer would be asked about each of these, too.
    /// </summary>
    public static void CorrectObjects(OpenApiDocument document)
    {
        if (document.Components?.Schemas?[nameof(JsonElement)] is OpenApiSchema passedOn)
            passedOn.AdditionalProperties = new OpenApiSchema();
    }

    /// <summary>JSON that is passed on is an object; words are strings.</summary>
    public static Task Correct(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type == typeof(JsonElement))
            (schema.Type, schema.AdditionalProperties) = (JsonSchemaType.Object, new OpenApiSchema());
        if (context.JsonTypeInfo.ElementType == typeof(JsonElement))
            schema.Items ??= new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema() };
        if (!type.IsEnum)
            return Task.CompletedTask;
        schema.Type = JsonSchemaType.String;
        // That a field may be null is said where the field is.
        schema.Enum = schema.Enum?.Where(word => word?.GetValueKind() == JsonValueKind.String).ToList();
        return Task.CompletedTask;
    }
}
