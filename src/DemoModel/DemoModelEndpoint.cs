using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Scenarios;
using CodexOrleans.DemoModel.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CodexOrleans.DemoModel;

/// <summary>Puts the scripted model behind HTTP, in the shape of OpenAI's Responses API as far as the Codex CLI uses it.</summary>
public static class DemoModelEndpoint
{
    /// <summary>The CLI sends the whole history with each request; images in it make it large.</summary>
    public const long MaxRequestBytes = 256 * 1024 * 1024;

    /// <summary>
    /// Maps <c>POST {prefix}/responses</c>. The key in <paramref name="options"/> is the only guard the route needs, so a host with
    /// authentication of its own exempts the returned endpoint from it.
    /// </summary>
    public static IEndpointConventionBuilder MapDemoModel(this IEndpointRouteBuilder endpoints, string prefix, DemoModelOptions options)
    {
        var expected = Digest(options.Key);
        var scenarios = new ScenarioCatalog();

        return endpoints.MapPost(prefix.TrimEnd('/') + "/responses", async (HttpContext http) =>
        {
            if (!CryptographicOperations.FixedTimeEquals(Digest(BearerKey(http.Request)), expected))
            {
                await ApiError.InvalidKey.Write(http.Response);
                return;
            }

            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                limit.MaxRequestBodySize = MaxRequestBytes;

            if (await Read(http) is not { } request)
            {
                await ApiError.BadRequest("The body is not a Responses API request.").Write(http.Response);
                return;
            }

            options.Received?.Invoke(request);
            await Answer(scenarios, new Exchange(request, http, options.Gates, options.Pace, options.TimeProvider));
        }).ExcludeFromDescription();
    }

    private static async Task Answer(ScenarioCatalog scenarios, Exchange exchange)
    {
        try
        {
            await scenarios.Find(exchange.Line)(exchange);
        }
        catch (OperationCanceledException) when (exchange.Http.RequestAborted.IsCancellationRequested)
        {
            // The CLI was stopped or gave up; nobody is left to answer.
        }
    }

    private static async Task<ResponsesRequest?> Read(HttpContext http)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
            return body.RootElement.ValueKind == JsonValueKind.Object ? new ResponsesRequest(body.RootElement.Clone()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string BearerKey(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..] : "";
    }

    // Digests have one length, so the time of the comparison does not reveal the length of the key.
    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
