using System.Text;
using System.Text.Json;
using CodexOrleans.Grains;

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

    private const int MaxErrors = 50;
    private const int LongestNameShown = 64;

    private readonly Dictionary<string, string[]> _errors = [];
    private readonly HashSet<string> _fields = [];
    private readonly ReadOnlyMemory<byte> _text;

    private TurnBodyReader(ReadOnlyMemory<byte> text) => _text = text;

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
    /// <param name="text">JSON in Unicode; nothing of what is returned refers to it.</param>
    public static (TurnBody? Body, Dictionary<string, string[]> Errors) Read(ReadOnlyMemory<byte> text)
    {
        var reader = new TurnBodyReader(text);
        // Token by token: a document would take as much memory again as the text.
        var json = new Utf8JsonReader(text.Span);
        try
        {
            json.Read();
            var body = reader.Read(ref json);
            // Fails when something follows.
            json.Read();
            return (reader._errors.Count == 0 ? body : null, reader._errors);
        }
        catch (JsonException)
        {
            return (null, new() { ["$"] = ["The body is not valid JSON, or names a field twice."] });
        }
    }

    private TurnBody? Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            Fault("$", "The body must be a JSON object.");
            return null;
        }

        var body = new TurnBody { Prompt = "" };
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            if (!_fields.Add(name))
                throw new JsonException();
            json.Read();
            if (json.TokenType == JsonTokenType.Null && name != "prompt")
            {
                // Null says the same as nothing, but only of a field that exists.
                if (!IsKnown(name))
                    Fault(name, "There is no such field.");
                continue;
            }

            body = name switch
            {
                "prompt" => body with { Prompt = Prompt(ref json) },
                "thread_id" => body with { ThreadId = ThreadId(ref json) },
                "model" => body with { Model = Name(name, ref json) },
                "sandbox" => body with { Sandbox = OneOf(name, ref json, Sandboxes.Keys) },
                "working_directory" => body with { WorkingDirectory = AbsolutePath(name, ref json) },
                "skip_git_repo_check" => body with { SkipGitRepoCheck = Flag(name, ref json) },
                "model_reasoning_effort" => body with { ModelReasoningEffort = Name(name, ref json) },
                "network_access_enabled" => body with { NetworkAccessEnabled = Flag(name, ref json) },
                "web_search" => body with { WebSearch = OneOf(name, ref json, WebSearches.Keys) },
                "additional_directories" => body with { AdditionalDirectories = AbsolutePaths(name, ref json, MaxDirectories) },
                "output_schema" => body with { OutputSchema = Schema(ref json) },
                "images" => body with { Images = AbsolutePaths(name, ref json, MaxImages) },
                _ => Unknown(body, name, ref json),
            };
        }

        if (!_fields.Contains("prompt"))
            Fault("prompt", "A prompt is required.");
        return body;
    }

    private static bool IsKnown(string field) => field is "thread_id" or "model" or "sandbox" or "working_directory" or "skip_git_repo_check"
        or "model_reasoning_effort" or "network_access_enabled" or "web_search" or "additional_directories" or "output_schema" or "images";

    private TurnBody Unknown(TurnBody body, string field, ref Utf8JsonReader json)
    {
        json.Skip();
        Fault(field, "There is no such field.");
        return body;
    }

    private string Prompt(ref Utf8JsonReader json)
    {
        var prompt = Text("prompt", ref json);
        if (prompt is null)
            return "";
        if (prompt.AsSpan().Trim().IsEmpty)
            Fault("prompt", "The prompt must not be empty.");
        else if (prompt.Length > MaxPrompt)
            Fault("prompt", $"The prompt has {prompt.Length} characters; the CLI takes {MaxPrompt}.");
        return prompt;
    }

    private Guid? ThreadId(ref Utf8JsonReader json)
    {
        if (Text("thread_id", ref json) is not { } text)
            return null;
        if (Guid.TryParseExact(text, "D", out var id) && string.Equals(id.ToString(), text, StringComparison.OrdinalIgnoreCase))
            return id;
        Fault("thread_id", "That is no thread id; it looks like 0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f.");
        return null;
    }

    private string? Name(string field, ref Utf8JsonReader json)
    {
        if (Text(field, ref json) is not { } text)
            return null;
        if (text.Length is 0 or > MaxName || text.Any(char.IsControl))
            Fault(field, $"The value must have 1 to {MaxName} characters, none of them a control character.");
        return text;
    }

    private string? OneOf(string field, ref Utf8JsonReader json, IEnumerable<string> allowed)
    {
        if (Text(field, ref json) is not { } text)
            return null;
        if (allowed.Contains(text))
            return text;
        Fault(field, $"The value must be one of: {string.Join(", ", allowed)}.");
        return null;
    }

    private bool? Flag(string field, ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.True or JsonTokenType.False)
            return json.GetBoolean();
        json.Skip();
        Fault(field, "The value must be true or false.");
        return null;
    }

    private string? AbsolutePath(string field, ref Utf8JsonReader json)
    {
        if (Text(field, ref json) is not { } path)
            return null;
        if (path.Length is 0 or > MaxPath || path.Contains('\0') || !Path.IsPathFullyQualified(path))
            Fault(field, $"The value must be an absolute path of at most {MaxPath} characters.");
        return path;
    }

    private List<string>? AbsolutePaths(string field, ref Utf8JsonReader json, int limit)
    {
        var paths = new List<string>();
        var count = 0;
        var isList = json.TokenType == JsonTokenType.StartArray;
        if (!isList)
            json.Skip();
        while (isList && json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (++count > limit)
                json.Skip();
            else if (AbsolutePath($"{field}[{count - 1}]", ref json) is { } path)
                paths.Add(path);
        }

        if (isList && count <= limit)
            return paths;
        Fault(field, $"The value must be a list of at most {limit} paths.");
        return null;
    }

    private JsonElement? Schema(ref Utf8JsonReader json)
    {
        var begin = (int)json.TokenStartIndex;
        var isObject = json.TokenType == JsonTokenType.StartObject;
        json.Skip();
        if (!isObject)
        {
            Fault("output_schema", "The value must be a JSON Schema, that is a JSON object.");
            return null;
        }

        var schema = _text.Span[begin..(int)json.BytesConsumed];
        if (Encoding.UTF8.GetCharCount(schema) <= MaxSchema)
            return JsonElement.Parse(schema, new JsonDocumentOptions { AllowDuplicateProperties = false });
        Fault("output_schema", $"The schema must not be longer than {MaxSchema} characters.");
        return null;
    }

    private string? Text(string field, ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.String)
            return json.GetString();
        json.Skip();
        Fault(field, "The value must be a string.");
        return null;
    }

    private void Fault(string field, string message)
    {
        if (_errors.Count < MaxErrors)
            _errors.TryAdd(field.Length <= LongestNameShown ? field : field[..LongestNameShown] + "…", [message]);
    }
}
