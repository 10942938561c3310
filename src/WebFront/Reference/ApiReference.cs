using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace CodexOrleans.WebFront.Reference;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c> and a page to read and try it at <c>/reference</c>.</summary>
internal static class ApiReference
{
    private const string Bearer = "token";

    public static void AddApiReference(this WebApplicationBuilder builder) => builder.Services.AddOpenApi("v1", api =>
    {
        // HEAD is GET without the body, and would be every path twice.
        api.ShouldInclude = description => description.HttpMethod != HttpMethods.Head;
        api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "CodexOrleans",
                Version = ServerVersion.Text,
                Description = "The Codex CLI over HTTP: durable threads, resumable event streams. Errors are RFC 9457 problem details "
                    + "with a stable `code`.",
            };
            // Relative, so that the document holds for whatever name and port the server is reached by.
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.AddComponent(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The server's token. Browsers that signed in send their session cookie instead.",
            });
            ApiSchemas.CorrectObjects(document);
            return Task.CompletedTask;
        });
        api.AddOperationTransformer((operation, context, _) =>
        {
            if (!context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any())
                operation.Security =
                [
                    new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] },
                ];
            return Task.CompletedTask;
        });
        api.AddOperationTransformer(ApiSchemas.DescribeProblems);
        api.AddSchemaTransformer(ApiSchemas.Correct);
    });

    public static void MapApiReference(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json");
        // Everything it can fetch from elsewhere is off: fonts, telemetry, chat, MCP, the request proxy.
        routes.MapScalarApiReference("/reference", reference => reference
            .WithTitle("CodexOrleans API")
            .WithNonce()
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideDeveloperTools());
    }
}
