using System.Text.Json;

namespace CodexOrleans.Grains;

/// <summary>Options between processes, as the JSON that callers send and the log has. So each member is named in one place only.</summary>
[GenerateSerializer, Immutable, Alias("codex.ThreadOptionsJson")]
public struct ThreadOptionsJson
{
    [Id(0)] public byte[] Json { get; set; }
}

[RegisterConverter]
public sealed class ThreadOptionsConverter : IConverter<ThreadOptions, ThreadOptionsJson>
{
    public ThreadOptions ConvertFromSurrogate(in ThreadOptionsJson surrogate) =>
        JsonSerializer.Deserialize(surrogate.Json, ThreadJson.Default.ThreadOptions) ?? new ThreadOptions();

    public ThreadOptionsJson ConvertToSurrogate(in ThreadOptions value) =>
        new() { Json = JsonSerializer.SerializeToUtf8Bytes(value, ThreadJson.Default.ThreadOptions) };
}
