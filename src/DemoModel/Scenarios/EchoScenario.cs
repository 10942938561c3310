using System.Text.Json;
using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Wire;

namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>Says back what the request held, as JSON.</summary>
internal static class EchoScenario
{
    public static Task Play(Exchange exchange)
    {
        var request = exchange.Request;
        var text = request.Body.TryGetProperty("text", out var found) ? found : (JsonElement?)null;
        return exchange.Say(JsonSerializer.Serialize(
            new
            {
                model = request.Model,
                effort = request.Effort,
                inputs = request.Input.Count,
                prompts = request.Prompts,
                images = request.Input.Count(HasImage),
                format = text is { } value && value.TryGetProperty("format", out var format) ? format : (JsonElement?)null,
                tools = request.Tools.Names,
            },
            WireJson.Options));
    }

    private static bool HasImage(JsonElement item) =>
        item.TryGetProperty("content", out var content)
        && content.ValueKind == JsonValueKind.Array
        && content.EnumerateArray().Any(part => part.String("type") == "input_image");
}
