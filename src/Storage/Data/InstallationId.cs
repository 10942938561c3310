using System.Security.Cryptography;
using System.Text;

namespace CodexOrleans.Storage.Data;

/// <summary>What a server on one data directory is known by, the same at each start: 32 hexadecimal digits.</summary>
public static class InstallationId
{
    internal const string FileName = "installation";

    private const int Length = 32;

    /// <summary>The id of <paramref name="data"/>, made at the first start.</summary>
    /// <exception cref="StorageException">It can be neither read nor written.</exception>
    public static string Of(DataDirectory data)
    {
        // Random and kept, not derived from the path: two containers that share a process namespace may both have /data.
        var file = Path.Combine(data.Path, FileName);
        try
        {
            var id = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
            if (id.Length != Length || !id.All(char.IsAsciiHexDigitLower))
            {
                id = RandomNumberGenerator.GetHexString(Length, lowercase: true);
                using var stream = DataDirectory.OpenPrivate(file, FileMode.Create, FileShare.None);
                stream.Write(Encoding.ASCII.GetBytes(id + "\n"));
            }

            return id;
        }
        catch (IOException e) when (FullDisk.IsCauseOf(e))
        {
            throw new StorageException(StorageFault.DiskFull, $"No space is left for '{file}'. Free some and start the server again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.ReadOnly, $"The installation's id in '{file}' can be neither read nor written: " +
                $"{e.Message.TrimEnd('.')}. Give this user access to the data directory.", e);
        }
    }
}
