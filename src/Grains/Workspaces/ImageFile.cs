namespace CodexOrleans.Grains.Workspaces;

/// <summary>Recognises images by their first bytes, because the CLI silently replaces a file that is not an image by a text.</summary>
internal static class ImageFile
{
    private const int LongestSignature = 12;

    /// <summary>Null for a file in a format that the CLI takes: PNG, JPEG, GIF, WebP.</summary>
    public static PathProblem? Check(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return Path.Exists(path)
                ? new(RefusalCodes.NotAnImage, "What is at that path is a folder, not an image.")
                : new(RefusalCodes.PathNotFound, "There is no file at that path.");
        }

        // Pipes, devices and sockets have no length; opening one could block for ever.
        if (file.Length == 0)
            return new(RefusalCodes.NotAnImage, "What is at that path is empty, or no regular file.");
        try
        {
            Span<byte> start = stackalloc byte[LongestSignature];
            using var content = file.OpenRead();
            start = start[..content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            return IsImage(start)
                ? null
                : new(RefusalCodes.NotAnImage, "What is at that path is not an image. The CLI takes PNG, JPEG, GIF and WebP.");
        }
        catch (UnauthorizedAccessException)
        {
            return new(RefusalCodes.PathNotAllowed, "The server may not read that file.");
        }
        catch (FileNotFoundException)
        {
            return new(RefusalCodes.PathNotFound, "There is no file at that path.");
        }
    }

    private static bool IsImage(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'])
        || start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])
        || start.StartsWith("GIF87a"u8)
        || start.StartsWith("GIF89a"u8)
        || (start.StartsWith("RIFF"u8) && start.Length == LongestSignature && start[8..].SequenceEqual("WEBP"u8));
}
