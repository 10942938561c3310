using CliWrap;
using CliWrap.Buffered;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage.Data;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Tests.Workspaces;

public sealed class ThreadWorkspaceSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataDirectory _data;

    public ThreadWorkspaceSpecs() => _data = DataDirectory.Open(_folder["data"]);

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_threads_folder_is_what_git_would_have_made_without_its_samples()
    {
        using var workspace = New();
        await Git("init", "--quiet", _folder["expected"]);

        var (first, firstIsRepository) = await workspace.Ensure(Guid.CreateVersion7());
        var (second, secondIsRepository) = await workspace.Ensure(Guid.CreateVersion7());

        Assert.True(firstIsRepository && secondIsRepository);
        foreach (var path in (string[])[first, second])
        {
            Assert.Equal(await Git("-C", _folder["expected"], "status"), await Git("-C", path, "status"));
            Assert.Equal(await Git("-C", _folder["expected"], "config", "--local", "--list"), await Git("-C", path, "config", "--local", "--list"));
            Assert.Equal(path, (await Git("-C", path, "rev-parse", "--show-toplevel")).Trim());
            Assert.False(Directory.Exists(Path.Combine(path, ".git", "hooks")));
            await File.WriteAllTextAsync(Path.Combine(path, "file"), "text", TestContext.Current.CancellationToken);
            await Git("-C", path, "add", "file");
            await Git("-C", path, "-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "--quiet", "-m", "first");
            await Git("-C", path, "fsck", "--strict");
        }
    }

    [Fact]
    public async Task A_folder_that_has_its_repository_is_left_as_it_is()
    {
        using var workspace = New();
        var thread = Guid.CreateVersion7();
        var (path, _) = await workspace.Ensure(thread);
        await Git("-C", path, "symbolic-ref", "HEAD", "refs/heads/mine");

        Assert.Equal((path, true), await workspace.Ensure(thread));

        Assert.Equal("refs/heads/mine", (await Git("-C", path, "symbolic-ref", "HEAD")).Trim());
    }

    [Fact]
    public async Task Threads_that_begin_together_each_get_a_whole_repository()
    {
        using var workspace = New();

        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => workspace.Ensure(Guid.CreateVersion7()).AsTask())));

        Assert.All(made, folder => Assert.True(folder.IsRepository && File.Exists(Path.Combine(folder.Path, ".git", "HEAD"))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data.Scratch));
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_that_stands_where_the_repository_belongs()
    {
        using var workspace = New();
        var thread = Guid.CreateVersion7();
        var path = Directory.CreateDirectory(Path.Combine(_data.Workspaces, thread.ToString())).FullName;
        File.CreateSymbolicLink(Path.Combine(path, ".git"), _folder["elsewhere"]);

        Assert.Equal((path, false), await workspace.Ensure(thread));

        Assert.False(Path.Exists(_folder["elsewhere"]));
    }

    [Fact]
    public async Task Without_git_the_folder_is_no_repository()
    {
        using var workspace = New(git: _folder["no-git-here"]);

        var (path, isRepository) = await workspace.Ensure(Guid.CreateVersion7());

        Assert.False(isRepository);
        Assert.True(Directory.Exists(path));
        Assert.Empty(Directory.EnumerateFileSystemEntries(path));
    }

    private ThreadWorkspace New(string git = "git") => new(_data, Options.Create(new ThreadWorkspaceOptions()), NullLogger<ThreadWorkspace>.Instance) { Git = git };

    private static async Task<string> Git(params string[] arguments) =>
        (await Cli.Wrap("git").WithArguments(arguments).ExecuteBufferedAsync(TestContext.Current.CancellationToken)).StandardOutput;
}
