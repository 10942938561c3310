using Tomlyn;
using Tomlyn.Model;

namespace CodexOrleans.Codex.Accounts;

/// <summary>The CLI's configuration as it reads it: layers of TOML, of which a later one wins.</summary>
internal sealed class CliConfiguration
{
    private readonly List<TomlTable> _layers = [];

    /// <summary>Whether every existing file could be parsed. If not, settings may be missing here.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Adds a layer over those before; a file that is not there adds nothing.</summary>
    public void AddFile(string path)
    {
        try
        {
            if (File.Exists(path))
                _layers.Add(TomlSerializer.Deserialize<TomlTable>(File.ReadAllText(path)) ?? []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TomlException)
        {
            // The CLI itself reports the error in the file.
            IsComplete = false;
        }
    }

    /// <summary>Adds <c>-c key=value</c> pairs as a layer.</summary>
    public void Add(IReadOnlyDictionary<string, string> overrides)
    {
        var layer = new TomlTable();
        foreach (var (key, value) in overrides)
        {
            var path = key.Split('.');
            var table = layer;
            foreach (var name in path[..^1])
            {
                if (!table.TryGetValue(name, out var inner) || inner is not TomlTable next)
                    table[name] = next = [];
                table = next;
            }

            table[path[^1]] = Value(value);
        }

        _layers.Add(layer);
    }

    /// <summary>The effective value; for a table that of the last layer that has it; null when no layer has the key.</summary>
    public object? Find(params ReadOnlySpan<string> path)
    {
        for (var i = _layers.Count - 1; i >= 0; i--)
        {
            object? value = _layers[i];
            foreach (var name in path)
            {
                if (value is not TomlTable table || !table.TryGetValue(name, out value))
                {
                    value = null;
                    break;
                }
            }

            if (value is not null)
                return value;
        }

        return null;
    }

    /// <summary>Parses a value as the CLI does: as TOML, or else as plain text.</summary>
    private static object Value(string toml)
    {
        try
        {
            return TomlSerializer.Deserialize<TomlTable>($"value = {toml}")?["value"] ?? toml;
        }
        catch (TomlException)
        {
            return toml;
        }
    }
}
