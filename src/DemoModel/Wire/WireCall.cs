namespace CodexOrleans.DemoModel.Wire;

/// <summary>A tool call as the API sends it.</summary>
/// <param name="Custom">A custom tool takes text, a function takes JSON.</param>
internal sealed record WireCall(bool Custom, string? Namespace, string Name, string Input);
