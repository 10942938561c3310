using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using CodexOrleans.TestSupport;

namespace CodexOrleans.WebFront.Tests;

/// <summary><c>--urls http://unix:/path/to.sock</c>.</summary>
public sealed class UnixSocketSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Socket => _folder["x.sock"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_listens_where_a_killed_one_has_left_its_socket()
    {
        await using (var killed = Start())
        {
            await Said(killed, "  Codex CLI");
            await killed.Kill();
        }

        Assert.True(File.Exists(Socket));
        await using var server = Start();
        await Said(server, "  Codex CLI");
        using var client = Client();
        using var ready = await client.GetAsync("/health/ready", Cancel);

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains($"curl --unix-socket {Socket} ", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sign-in?ticket", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("unencrypted", server.Output, StringComparison.Ordinal);
        await Said(server, "Rehearsed ");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(Socket));
        await server.Terminate();
        Assert.Equal(0, await server.Exit());
        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public async Task A_socket_on_which_somebody_listens_is_left_alone()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(Socket));
        other.Listen();

        await Refused("another server listens on it");

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await probe.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Cancel);
    }

    [Theory]
    [InlineData("a file")]
    [InlineData("a folder")]
    [InlineData("a link to nothing")]
    [InlineData("a link to a socket")]
    public async Task What_is_no_socket_is_left_alone(string what)
    {
        switch (what)
        {
            case "a file":
                await File.WriteAllTextAsync(Socket, "mine", Cancel);
                break;
            case "a folder":
                Directory.CreateDirectory(Socket);
                break;
            default:
                using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                    left.Bind(new UnixDomainSocketEndPoint(_folder["left.sock"]));
                File.CreateSymbolicLink(Socket, what == "a link to nothing" ? _folder["nothing"] : _folder["left.sock"]);
                break;
        }

        await Refused("there is something that is not a socket");

        Assert.True(Directory.Exists(Socket) || File.Exists(Socket) || new FileInfo(Socket).LinkTarget is not null);
    }

    [Fact]
    public async Task Without_authentication_it_is_open_to_whom_its_mode_lets_in()
    {
        await using var server = Start("--Auth:Mode=None", "--UnixSocketMode=660");
        await Said(server, "  Codex CLI");
        using var client = Client();
        using var health = await client.GetAsync("/health", Cancel);

        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Contains("UnixSocketMode=660", server.Output, StringComparison.Ordinal);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, ModeOf(Socket));
    }

    [Fact]
    public async Task The_demo_works_over_it()
    {
        await using var server = Start("--demo", $"--Codex:ExecutablePath={RealCodex.Path}");
        await Said(server, "  Codex CLI");
        using var client = Client();
        var token = (await File.ReadAllTextAsync(_folder["data/token"], Cancel)).Trim();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        using var answer = await client.PostAsJsonAsync("/api/codex/run", new { prompt = "hello" }, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"completed\"", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private ServerProcess Start(params string[] arguments)
    {
        const string log = "--Logging:LogLevel:CodexOrleans.WebFront.Hosting.WarmUp=Debug";
        return ServerProcess.Start([$"--urls=http://unix:{Socket}", $"--DataDirectory={_folder["data"]}", log, .. arguments]);
    }

    private async Task Refused(string why)
    {
        await using var server = Start();
        Assert.Equal(1, await server.Exit());
        Assert.Contains($"'{Socket}': {why}", server.Errors, StringComparison.Ordinal);
        Assert.Single(server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private HttpClient Client()
    {
        var connections = new SocketsHttpHandler { ConnectCallback = (_, cancellationToken) => Connect(cancellationToken) };
        return new HttpClient(connections) { BaseAddress = new Uri("http://localhost") };
    }

    private async ValueTask<Stream> Connect(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    private static async Task Said(ServerProcess server, string text)
    {
        while (!server.Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(server.HasExited, $"The server ended. It said: {server.Output}{server.Errors}");
            await server.MoreOutput(Cancel);
        }
    }
}
