using CodexOrleans.Silo.Hosting;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class TokenFileSpecs
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public void A_new_token_file_is_readable_by_its_owner_only_and_keeps_its_token()
    {
        using var folder = new TemporaryFolder();

        var token = TokenFile.ReadOrCreate(folder["token"], out var widened);

        Assert.False(widened);
        Assert.Equal([folder["token"]], Directory.GetFiles(folder.Path));
        // Before it is read again: reading mends a mode that is too wide.
        if (!OperatingSystem.IsWindows())
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder["token"]));
        Assert.Equal(token, TokenFile.ReadOrCreate(folder["token"], out _));
    }

    [Fact]
    public async Task A_token_file_that_others_could_read_is_closed_to_them_with_a_warning()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        await File.WriteAllTextAsync(folder["data/token"], new string('t', 40) + "\n", TestContext.Current.CancellationToken);
#pragma warning disable CA1416 // Skipped on Windows above.
        File.SetUnixFileMode(folder["data/token"], OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await using var server = await RunningServer.Start([], null, folder: folder);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder["data/token"]));
#pragma warning restore CA1416
        Assert.Equal(new string('t', 40), server.Token);
        Assert.Contains(server.Log.All, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("could read the token file", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short\n")]
    public void A_token_file_without_a_token_stops_the_start_and_says_what_to_do(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["token"], content);

        var refused = Assert.Throws<StartRefusedException>(() => TokenFile.ReadOrCreate(folder["token"], out _));

        Assert.Contains("Delete it to have a new one made", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_file_that_is_a_link_is_not_followed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["elsewhere"], new string('t', 40));
        File.CreateSymbolicLink(folder["token"], folder["elsewhere"]);

        Assert.Throws<StartRefusedException>(() => TokenFile.ReadOrCreate(folder["token"], out _));
    }
}
