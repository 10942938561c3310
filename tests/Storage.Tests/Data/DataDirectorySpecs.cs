using System.Runtime.Versioning;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Data;

[UnsupportedOSPlatform("windows")]
public sealed class DataDirectorySpecs : IDisposable
{
    private const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private readonly TemporaryFolder _folder = new();

    public DataDirectorySpecs() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Only_its_owner_can_read_anything_of_a_new_one()
    {
        await Use();

        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_folder["data"]) & Others);
        Assert.Empty(OpenToOthers());
        Assert.Contains(_folder["data/codex-orleans.db"], Directory.GetFileSystemEntries(_folder["data"]));
    }

    [Fact]
    public async Task One_that_others_could_read_is_closed_to_them()
    {
        await Use();
        foreach (var entry in Directory.GetFileSystemEntries(_folder["data"]).Append(_folder["data"]))
            File.SetUnixFileMode(entry, File.GetUnixFileMode(entry) | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        await Use();

        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_folder["data"]) & Others);
        Assert.Empty(OpenToOthers());
    }

    [Fact]
    public async Task A_folder_that_others_use_too_stays_open_and_what_the_server_has_in_it_does_not()
    {
        Directory.CreateDirectory(_folder["data"]);
        File.WriteAllText(_folder["data/somebody else's"], "");
        File.SetUnixFileMode(_folder["data/somebody else's"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(_folder["data"], File.GetUnixFileMode(_folder["data"]) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        await Use();
        await Use();

        Assert.NotEqual(UnixFileMode.None, File.GetUnixFileMode(_folder["data"]) & Others);
        Assert.Equal([_folder["data/somebody else's"]], OpenToOthers());
    }

    /// <summary>All that a server makes there, but for its token.</summary>
    private async Task Use()
    {
        using var data = DataDirectory.Open(_folder["data"]);
        data.EnsureScratch();
        data.EnsureDemoHome();
        InstallationId.Of(data);
        await using var store = new SqliteThreadStore(data.Database);
        await store.Open(TestContext.Current.CancellationToken);
    }

    private IEnumerable<string> OpenToOthers() =>
        Directory.GetFileSystemEntries(_folder["data"], "*", SearchOption.AllDirectories).Where(entry => (File.GetUnixFileMode(entry) & Others) != 0);
}
