namespace CodexOrleans.DemoModel;

/// <summary>What the CLI must be told to talk to the scripted model.</summary>
public static class DemoProvider
{
    /// <summary>The environment variable in which the CLI looks for the key.</summary>
    public const string KeyVariable = "CODEX_ORLEANS_DEMO_KEY";

    /// <summary>
    /// Settings of the CLI by dotted key, the values in TOML: for <c>-c key=value</c> or for lines of a <c>config.toml</c>. The CLI binds
    /// each thread to the provider's name, so the name never changes.
    /// </summary>
    /// <param name="baseUrl">Where the model is mapped, such as <c>http://127.0.0.1:8000/demo/v1</c>.</param>
    public static IReadOnlyDictionary<string, string> Configuration(string baseUrl) => new Dictionary<string, string>
    {
        ["model_provider"] = "\"demo\"",
        ["model_providers.demo.name"] = "\"Scripted demo model\"",
        ["model_providers.demo.base_url"] = $"\"{baseUrl}\"",
        ["model_providers.demo.wire_api"] = "\"responses\"",
        ["model_providers.demo.env_key"] = $"\"{KeyVariable}\"",
        // The CLI has no to-do list unless asked.
        ["tools.update_plan.enabled"] = "true",
    };
}
