using System.Diagnostics;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage.Data;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Workspaces;

public sealed class WorkspaceRootSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataDirectory _data;
    private readonly string _real;

    public WorkspaceRootSpecs()
    {
        _real = RealPath.Of(_folder.Path)!;
        foreach (var name in (string[])["root/project", "root/home/.codex/sessions", "outside/project", "rootless"])
            Directory.CreateDirectory(_folder[name]);
        _data = DataDirectory.Open(_folder["root/data"]);
        Directory.CreateDirectory(Path.Combine(_data.Workspaces, "thread"));
    }

    [Fact]
    public void A_folder_under_a_root_is_allowed_and_so_is_the_root_s_own_subfolder_with_a_trailing_slash()
    {
        Assert.Equal(_real + "/root/project", Resolve("root/project"));
        Assert.Equal(_real + "/root/project", Resolve("root/project/"));
        Assert.Equal(_real + "/root/project", Resolve("root//./project/../project"));
    }

    [Fact]
    public void A_root_itself_is_allowed()
    {
        var roots = new WorkspaceRoots([_folder["rootless"]], _data, []);

        Assert.True(roots.TryResolveDirectory(_folder["rootless"], out var resolved, out _));
        Assert.Equal(_real + "/rootless", resolved);
    }

    [Theory]
    [InlineData("outside/project")]
    [InlineData("rootless")]
    [InlineData("root/../outside")]
    [InlineData("root/project/../../outside")]
    [InlineData("outside/missing")]
    [InlineData("")]
    public void A_folder_outside_the_roots_is_refused(string path) => Assert.Equal("path_not_allowed", Refusal(_folder[path]));

    [Fact]
    public void Symlink_escape_a_link_as_last_part_is_judged_by_its_target()
    {
        Directory.CreateSymbolicLink(_folder["root/link"], _folder["outside"]);

        Assert.Equal("path_not_allowed", Refusal(_folder["root/link"]));
        Assert.Equal("path_not_allowed", Refusal(_folder["root/link/"]));
    }

    [Fact]
    public void Symlink_escape_a_link_in_the_middle_is_judged_by_its_target()
    {
        Directory.CreateSymbolicLink(_folder["root/link"], _folder["outside"]);

        Assert.Equal("path_not_allowed", Refusal(_folder["root/link/project"]));
        Assert.Equal("path_not_allowed", Refusal(_folder["root/link/missing"]));
    }

    [Fact]
    public void Symlink_escape_two_dots_after_a_link_leave_the_target_not_the_link()
    {
        // As text this is root/project; the OS walks to outside/project.
        Directory.CreateSymbolicLink(_folder["root/link"], _folder["outside/project"]);

        Assert.Equal("path_not_allowed", Refusal(_folder["root/link/../project"]));
    }

    [Fact]
    public void Symlink_escape_relative_and_chained_links_are_followed_to_their_end()
    {
        Directory.CreateSymbolicLink(_folder["root/first"], "project/second");
        Directory.CreateSymbolicLink(_folder["root/project/second"], "../../outside");

        Assert.Equal("path_not_allowed", Refusal(_folder["root/first/project"]));
    }

    [Fact]
    public void A_link_that_stays_under_the_roots_is_replaced_by_its_target()
    {
        Directory.CreateSymbolicLink(_folder["root/link"], "project");

        Assert.Equal(_real + "/root/project", Resolve("root/link"));
    }

    [Fact]
    public void A_root_that_is_reached_by_a_link_holds_for_the_paths_behind_it()
    {
        Directory.CreateSymbolicLink(_folder["alias"], _folder["root"]);
        var roots = new WorkspaceRoots([_folder["alias"]], _data, []);

        Assert.True(roots.TryResolveDirectory(_folder["root/project"], out _, out _));
        Assert.True(roots.TryResolveDirectory(_folder["alias/project"], out var resolved, out _));
        Assert.Equal(_real + "/root/project", resolved);
    }

    [Fact]
    public void Links_in_a_circle_are_refused()
    {
        Directory.CreateSymbolicLink(_folder["root/a"], "b");
        Directory.CreateSymbolicLink(_folder["root/b"], "a");

        Assert.Equal("invalid_path", Refusal(_folder["root/a"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("project")]
    [InlineData("./project")]
    [InlineData("~/project")]
    [InlineData("../project")]
    [InlineData("file:///tmp")]
    [InlineData("/tmp/a\0b")]
    public void A_path_that_is_not_absolute_or_holds_nul_is_refused(string path) => Assert.Equal("invalid_path", Refusal(path));

    [Fact]
    public void A_missing_folder_is_not_found_and_a_file_is_no_directory()
    {
        File.WriteAllText(_folder["root/file"], "x");

        Assert.Equal("path_not_found", Refusal(_folder["root/missing"]));
        Assert.Equal("not_a_directory", Refusal(_folder["root/file"]));
        Assert.Equal("path_not_found", Refusal(_folder["root/file/inside"]));
        Assert.Equal("path_not_found", Refusal(_folder["root/" + new string('n', 5_000)]));
    }

    [Theory]
    [InlineData("größe 文件 🙂")]
    [InlineData("with spaces 'and' \"quotes\" $(id)")]
    [InlineData("-rf")]
    public void Names_are_taken_as_they_are(string name)
    {
        Directory.CreateDirectory(_folder["root/" + name]);

        Assert.Equal(_real + "/root/" + name, Resolve("root/" + name));
    }

    [Fact]
    public void Case_counts_where_the_file_system_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux's file systems tell case apart by default.");
        Directory.CreateDirectory(_folder["ROOT/project"]);

        Assert.Equal("path_not_allowed", Refusal(_folder["ROOT/project"]));
    }

    [Theory]
    [InlineData("root/data")]
    [InlineData("root/data/scratch")]
    [InlineData("root/data/workspaces/../")]
    [InlineData("root/home/.codex")]
    [InlineData("root/home/.codex/sessions")]
    public void The_server_s_data_and_the_cli_s_home_are_no_workspaces(string path) => Assert.Equal("path_not_allowed", Refusal(_folder[path]));

    [Theory]
    [InlineData("root")]
    [InlineData("root/home")]
    public void A_folder_that_contains_the_server_s_data_or_the_cli_s_home_is_no_workspace(string path) =>
        Assert.Equal("path_not_allowed", Refusal(_folder[path]));

    [Fact]
    public void A_thread_s_own_folder_in_the_data_directory_is_a_workspace() =>
        Assert.Equal(_real + "/root/data/workspaces/thread", Resolve("root/data/workspaces/thread"));

    [Fact]
    public void A_link_to_the_token_is_not_a_file_that_a_turn_may_read()
    {
        File.WriteAllText(_data.TokenFile, "secret");
        File.CreateSymbolicLink(_folder["root/project/image.png"], _data.TokenFile);

        Assert.Equal("path_not_allowed", ImageRefusal("root/project/image.png"));
    }

    [Theory]
    [InlineData("89504E470D0A1A0A0000000D")]
    [InlineData("FFD8FFE000104A46")]
    [InlineData("474946383761")]
    [InlineData("474946383961")]
    [InlineData("524946462200000057454250")]
    public void What_begins_like_an_image_that_the_cli_takes_is_one_whatever_its_name(string start)
    {
        File.WriteAllBytes(_folder["root/picture"], Convert.FromHexString(start));

        Assert.True(Roots.TryResolveImage(_folder["root/picture"], out var resolved, out _));
        Assert.Equal(_real + "/root/picture", resolved);
    }

    [Theory]
    [InlineData("a text")]
    [InlineData("GIF8")]
    [InlineData("RIFF0000WAVE")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("")]
    public void Other_content_is_no_image_whatever_its_name(string content)
    {
        File.WriteAllText(_folder["root/image.png"], content);

        Assert.Equal("not_an_image", ImageRefusal("root/image.png"));
    }

    [Fact]
    public void A_folder_is_no_image_and_a_missing_file_is_not_found()
    {
        Assert.Equal("not_an_image", ImageRefusal("root/project"));
        Assert.Equal("path_not_found", ImageRefusal("root/missing.png"));
        Assert.Equal("path_not_allowed", ImageRefusal("outside/image.png"));
    }

    [Fact]
    public void A_pipe_is_no_image_and_looking_at_it_does_not_block()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes in the file system.");
        using (var mkfifo = Process.Start("mkfifo", [_folder["root/pipe.png"]]))
            mkfifo.WaitForExit();

        Assert.Equal("not_an_image", ImageRefusal("root/pipe.png"));
    }

    [Fact]
    public void Without_configuration_home_and_temp_folder_are_the_roots()
    {
        var roots = new WorkspaceRoots([], _data, []);

        Assert.True(roots.TryResolveDirectory(_folder["outside"], out _, out _));
        Assert.False(roots.TryResolveDirectory("/etc", out _, out var problem));
        Assert.Equal("path_not_allowed", problem.Code);
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private WorkspaceRoots Roots => new([_folder["root"]], _data, [_folder["root/home/.codex"]]);

    private string Resolve(string path)
    {
        Assert.True(Roots.TryResolveDirectory(_folder[path], out var resolved, out var problem), problem?.Code);
        return resolved;
    }

    private string Refusal(string path)
    {
        Assert.False(Roots.TryResolveDirectory(path, out _, out var problem));
        return problem.Code;
    }

    private string ImageRefusal(string path)
    {
        Assert.False(Roots.TryResolveImage(_folder[path], out _, out var problem));
        return problem.Code;
    }
}
