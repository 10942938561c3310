using System.Buffers.Text;
using System.Security.Cryptography;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.Storage.Data;

namespace CodexOrleans.WebFront.Access;

/// <summary>The file that holds the generated token: readable by its owner only, from its first byte on.</summary>
internal static class TokenFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The token of the file; makes both if there is no file yet.</summary>
    /// <param name="widened">
    /// True when others could read the file until now: it has been closed to them, but they may know the token.
    /// </param>
    /// <exception cref="StartRefusedException">The file is a link, or holds no token.</exception>
    public static string ReadOrCreate(string path, out bool widened)
    {
        widened = false;
        var file = new FileInfo(path);
        if (file.LinkTarget is not null)
            throw new StartRefusedException(
                $"The token file '{path}' is a link. The server does not follow it: put the token there itself, or delete the link to "
                    + "have a new token made.");
        if (!file.Exists)
            return Create(path);

        if (!OperatingSystem.IsWindows() && (file.UnixFileMode & ~OwnerOnly) != 0)
        {
            file.UnixFileMode = OwnerOnly;
            widened = true;
        }

        var token = File.ReadAllText(path).Trim();
        return token.Length >= AuthOptions.MinTokenLength
            ? token
            : throw new StartRefusedException(
                $"The token file '{path}' holds no token of at least {AuthOptions.MinTokenLength} characters. Delete it to have a new "
                    + "one made.");
    }

    private static string Create(string path)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        // Under another name first: a crash in between leaves no empty token file. The data directory's lock keeps others away.
        var temporary = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(token + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path);
            return token;
        }
        catch (IOException e)
        {
            File.Delete(temporary);
            var (why, what) = FullDisk.IsCauseOf(e)
                ? ("no space is left", "Free some")
                : (e.Message.TrimEnd('.'), "See to the data directory");
            throw new StartRefusedException($"The token file '{path}' cannot be written: {why}. {what} and start the server again.");
        }
    }
}
