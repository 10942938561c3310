using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Session;

namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>A message of a version: its bytes, and what they say.</summary>
internal sealed record WireRecording(string Name, string Text, byte[] Bytes)
{
    private static readonly JsonSerializerOptions _readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private static readonly Serializer _serializer = _services.GetRequiredService<Serializer>();

    /// <summary>Keeps one of everything that the present code sends.</summary>
    public static async Task Write(string file)
    {
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, WireSamples.All.Select(sample => new WireRecording(sample.Key, WireText.Of(sample.Value), Write(sample.Value))), _readable);
    }

    public static IReadOnlyList<WireRecording> Read(string file) => JsonSerializer.Deserialize<IReadOnlyList<WireRecording>>(File.ReadAllBytes(file))!;

    /// <summary>A session in which parts of a message can be written.</summary>
    public static SerializerSession Session() => _services.GetRequiredService<SerializerSessionPool>().GetSession();

    public static byte[] Write(object message) => _serializer.SerializeToArray(message);

    public static object? Read(byte[] message) => _serializer.Deserialize<object>(message);
}
