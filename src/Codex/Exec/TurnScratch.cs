using System.Text;

namespace CodexOrleans.Codex.Exec;

/// <summary>Files of one turn, deleted when it ends; only the server's user may read them.</summary>
internal sealed class TurnScratch(string parent, Guid turnId) : IDisposable
{
    private readonly string _folder = Path.Combine(parent, turnId.ToString());
    private bool _created;

    /// <summary>Writes the schema for <c>--output-schema</c>, which takes a file.</summary>
    public string? WriteOutputSchema(string? schema)
    {
        if (schema is null)
            return null;
        var file = Path.Combine(Folder(), "output-schema.json");
        File.WriteAllText(file, schema, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return file;
    }

    /// <summary>
    /// Paths for <c>--image</c>. The option splits its value at commas, so a path with a comma is replaced by a link without one.
    /// </summary>
    public IReadOnlyList<string> LinkImages(IReadOnlyList<string> images)
    {
        if (!images.Any(i => i.Contains(',', StringComparison.Ordinal)))
            return images;
        var paths = new List<string>(images.Count);
        foreach (var image in images)
        {
            if (!image.Contains(',', StringComparison.Ordinal))
            {
                paths.Add(image);
                continue;
            }

            var link = Path.Combine(Folder(), $"image-{paths.Count}{Path.GetExtension(image).Replace(",", "", StringComparison.Ordinal)}");
            File.CreateSymbolicLink(link, image);
            paths.Add(link);
        }

        return paths;
    }

    public void Dispose()
    {
        if (_created)
            Directory.Delete(_folder, recursive: true);
    }

    private string Folder()
    {
        if (!_created)
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(_folder);
            else
                Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _created = true;
        }

        return _folder;
    }
}
