using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Threads;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Reads a <see cref="TurnBody"/> and collects everything that is wrong with it, by field.</summary>
internal sealed class TurnBodyReader
{
    private const int MaxPrompt = 1_048_576;
    private const int MaxName = 256;
    private const int MaxPath = 4096;
    private const int MaxDirectories = 64;
    private const int MaxImages = 32;
    private const int MaxSchema = 256 * 1024;

    private readonly Dictionary<string, string[]> _errors = [];

    private TurnBodyReader()
    {
    }

    public static IReadOnlyDictionary<string, SandboxMode> Sandboxes { get; } = new Dictionary<string, SandboxMode>
    {
        ["read-only"] = SandboxMode.ReadOnly,
        ["workspace-write"] = SandboxMode.WorkspaceWrite,
        ["danger-full-access"] = SandboxMode.DangerFullAccess,
    };

    public static IReadOnlyDictionary<string, WebSearchMode> WebSearches { get; } = new Dictionary<string, WebSearchMode>
    {
        ["disabled"] = WebSearchMode.Disabled,
        ["cached"] = WebSearchMode.Cached,
        ["live"] = WebSearchMode.Live,
    };

    /// <summary>The body, or null and the errors. An error of the whole body has the field name <c>$</c>.</summary>
    /// <param name="json">In Unicode; nothing of what is returned refers to it.</param>
    public static (TurnBody? Body, Dictionary<string, string[]> Errors) Read(ReadOnlyMemory<byte> json)
    {
        var reader = new TurnBodyReader();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            var body = reader.Read(document.RootElement);
            return (reader._errors.Count == 0 ? body : null, reader._errors);
        }
        catch (JsonException)
        {
            reader.Fault("$", "The body is not valid JSON, or names a field twice.");
            return (null, reader._errors);
        }
    }

    private TurnBody? Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            Fault("$", "The body must be a JSON object.");
            return null;
        }

        var body = new TurnBody { Prompt = "" };
        var prompted = false;
        foreach (var field in root.EnumerateObject())
        {
            var value = field.Value;
            prompted |= field.NameEquals("prompt");
            if (value.ValueKind == JsonValueKind.Null && field.Name != "prompt")
            {
                // Null says the same as nothing, but only of a field that exists.
                if (!IsKnown(field.Name))
                    Fault(field.Name, "There is no such field.");
                continue;
            }

            body = field.Name switch
            {
                "prompt" => body with { Prompt = Prompt(value) },
                "thread_id" => body with { ThreadId = ThreadId(value) },
                "model" => body with { Model = Name("model", value) },
                "sandbox" => body with { Sandbox = OneOf("sandbox", value, Sandboxes.Keys) },
                "working_directory" => body with { WorkingDirectory = AbsolutePath("working_directory", value) },
                "skip_git_repo_check" => body with { SkipGitRepoCheck = Flag("skip_git_repo_check", value) },
                "model_reasoning_effort" => body with { ModelReasoningEffort = Name("model_reasoning_effort", value) },
                "network_access_enabled" => body with { NetworkAccessEnabled = Flag("network_access_enabled", value) },
                "web_search" => body with { WebSearch = OneOf("web_search", value, WebSearches.Keys) },
                "additional_directories" => body with { AdditionalDirectories = AbsolutePaths("additional_directories", value, MaxDirectories) },
                "output_schema" => body with { OutputSchema = Schema(value) },
                "images" => body with { Images = AbsolutePaths("images", value, MaxImages) },
                _ => Unknown(body, field.Name),
            };
        }

        if (!prompted)
            Fault("prompt", "A prompt is required.");
        return body;
    }

    private static bool IsKnown(string field) => field is "thread_id" or "model" or "sandbox" or "working_directory" or "skip_git_repo_check"
        or "model_reasoning_effort" or "network_access_enabled" or "web_search" or "additional_directories" or "output_schema" or "images";

    private TurnBody Unknown(TurnBody body, string field)
    {
        Fault(field, "There is no such field.");
        return body;
    }

    private string Prompt(JsonElement value)
    {
        var prompt = Text("prompt", value);
        if (prompt is null)
            return "";
        if (prompt.AsSpan().Trim().IsEmpty)
            Fault("prompt", "The prompt must not be empty.");
        else if (prompt.Length > MaxPrompt)
            Fault("prompt", $"The prompt has {prompt.Length} characters; the CLI takes {MaxPrompt}.");
        return prompt;
    }

    private Guid? ThreadId(JsonElement value)
    {
        if (Text("thread_id", value) is not { } text)
            return null;
        if (ThreadsApi.TryParseId(text, out var id))
            return id;
        Fault("thread_id", "That is no thread id; it looks like 0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f.");
        return null;
    }

    private string? Name(string field, JsonElement value)
    {
        if (Text(field, value) is not { } text)
            return null;
        if (text.Length is 0 or > MaxName || text.Any(char.IsControl))
            Fault(field, $"The value must have 1 to {MaxName} characters, none of them a control character.");
        return text;
    }

    private string? OneOf(string field, JsonElement value, IEnumerable<string> allowed)
    {
        if (Text(field, value) is not { } text)
            return null;
        if (allowed.Contains(text))
            return text;
        Fault(field, $"The value must be one of: {string.Join(", ", allowed)}.");
        return null;
    }

    private bool? Flag(string field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fault(field, "The value must be true or false.");
        return null;
    }

    private string? AbsolutePath(string field, JsonElement value)
    {
        if (Text(field, value) is not { } path)
            return null;
        if (path.Length is 0 or > MaxPath || path.Contains('\0') || !Path.IsPathFullyQualified(path))
            Fault(field, $"The value must be an absolute path of at most {MaxPath} characters.");
        return path;
    }

    private List<string>? AbsolutePaths(string field, JsonElement value, int limit)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > limit)
        {
            Fault(field, $"The value must be a list of at most {limit} paths.");
            return null;
        }

        var paths = new List<string>(value.GetArrayLength());
        foreach (var entry in value.EnumerateArray())
        {
            if (AbsolutePath($"{field}[{paths.Count}]", entry) is { } path)
                paths.Add(path);
        }

        return paths;
    }

    private JsonElement? Schema(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Fault("output_schema", "The value must be a JSON Schema, that is a JSON object.");
            return null;
        }

        if (Encoding.UTF8.GetCharCount(JsonMarshal.GetRawUtf8Value(value)) <= MaxSchema)
            return value.Clone();
        Fault("output_schema", $"The schema must not be longer than {MaxSchema} characters.");
        return null;
    }

    private string? Text(string field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        Fault(field, "The value must be a string.");
        return null;
    }

    private void Fault(string field, string message) => _errors.TryAdd(field, [message]);
}
