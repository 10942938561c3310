using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Session;
using CodexOrleans.DemoModel.Wire;
namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>All scripts by name.</summary>
internal sealed class ScenarioCatalog
{
    private readonly Dictionary<string, Scenario> _scenarios;

    public ScenarioCatalog()
    {
        _scenarios = new(StringComparer.Ordinal)
        {
            ["plain"] = MessageScenarios.Plain,
            ["many"] = MessageScenarios.Many,
            ["drip"] = MessageScenarios.Drip,
            ["big"] = MessageScenarios.Big,
            ["say"] = MessageScenarios.Say,
            ["reasoning"] = MessageScenarios.Reasoning,
            ["web"] = MessageScenarios.WebSearch,
            ["json"] = MessageScenarios.Json,
            ["echo"] = EchoScenario.Play,

            ["shell"] = ToolScenarios.Shell,
            ["shells"] = ToolScenarios.ParallelShells,
            ["patch"] = ToolScenarios.Patch,
            ["patch-update"] = ToolScenarios.PatchUpdate,
            ["plan"] = ToolScenarios.Plan,
            ["mcp"] = ToolScenarios.Mcp,
            ["all"] = ToolScenarios.All,
            ["gate"] = ToolScenarios.Gate,

            ["400"] = FailureScenarios.Status(new ApiError(400, "invalid_request_error", "unsupported_value", "Unsupported value.")),
            ["401"] = FailureScenarios.Status(ApiError.InvalidKey),
            ["403"] = FailureScenarios.Status(new ApiError(403, "invalid_request_error", "forbidden", "This key may not do that.")),
            ["404"] = FailureScenarios.Status(
                new ApiError(404, "invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it.")),
            ["429"] = FailureScenarios.Status(
                new ApiError(429, "rate_limit_error", "rate_limit_exceeded", "Rate limit reached.") { RetryAfterSeconds = 1 }),
            ["quota"] = FailureScenarios.Status(
                new ApiError(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota.")),
            ["500"] = FailureScenarios.Status(new ApiError(500, "server_error", null, "The server had an error.")),
            ["503"] = FailureScenarios.Status(new ApiError(503, "server_error", "server_is_overloaded", "The server is overloaded.")),
            ["failed"] = FailureScenarios.Failed("server_error"),
            ["failed-context"] = FailureScenarios.Failed("context_length_exceeded"),
            ["failed-quota"] = FailureScenarios.Failed("insufficient_quota"),
            ["incomplete"] = FailureScenarios.Incomplete,
            ["cut"] = FailureScenarios.Cut,
            ["cut-once"] = new CutOnceScenario().Play,
            ["hang"] = FailureScenarios.Hang,
            ["hang-mid"] = FailureScenarios.HangMid,
        };
    }

    public Scenario Find(ScenarioLine line)
    {
        if (line.Name is null)
            return DemoSession.Play;
        return _scenarios.TryGetValue(line.Name, out var scenario)
            ? scenario
            : FailureScenarios.Status(ApiError.BadRequest($"No scenario '{line.Name}'. There are: {string.Join(", ", _scenarios.Keys)}."));
    }
}
