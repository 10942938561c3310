using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using CodexOrleans.TestSupport;

namespace CodexOrleans.WebFront.Tests;

public sealed partial class StartSpecs
{
    // A developer's certificate in the home directory would do for https.
    private static readonly Dictionary<string, string> _certificateOfNobody = new() { ["HOME"] = "/nonexistent", ["DOTNET_CLI_HOME"] = "/nonexistent" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_start_message_has_a_link_that_signs_in_and_says_where_everything_is()
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--demo", "--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"]]);
        var address = await server.Listening;
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address };
        using var live = await client.GetAsync("/health/live", Cancel);

        var link = await Line(server, SignInLink());
        using var shown = await client.GetAsync(link.Groups["link"].Value, Cancel);
        using var signedIn = await client.PostAsync(link.Groups["link"].Value, null, Cancel);
        using var health = await client.GetAsync("/health", Cancel);

        Assert.Contains("Sign in this browser", await shown.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Contains("\"demo\":true", await health.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Contains("  Demo       ", await Until(server, "  Demo       "), StringComparison.Ordinal);
        Assert.Contains($"  API token  in {folder["data/token"]}\n", server.Output, StringComparison.Ordinal);
        Assert.Contains($"  Data       {folder["data"]}\n", server.Output, StringComparison.Ordinal);
        Assert.Contains("  Codex CLI  ", server.Output, StringComparison.Ordinal);
        Assert.Single(ListeningLine().Matches(server.Output));
    }

    [Fact]
    public async Task Tokens_sessions_and_prompts_appear_in_no_log()
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"]]);
        var address = await server.Listening;
        var ticket = (await Line(server, SignInLink())).Groups["ticket"].Value;
        var token = (await File.ReadAllTextAsync(folder["data/token"], Cancel)).Trim();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var signedIn = await client.PostAsync($"/sign-in?ticket={ticket}", null, Cancel);
        using var wrong = await client.PostAsync("/api/codex/sign-in", Answers.Json("""{"token":"a wrong token that somebody mistyped"}"""), Cancel);
        foreach (var path in (string[])["/api/codex/stream", "/api/codex/run", "/health", "/no/such/path"])
        {
            using var prompt = await client.PostAsync(path, Answers.Json("""{"prompt":"a confidential prompt","nonsense":1}"""), Cancel);
        }

        foreach (var secret in (string[])[token, SessionValue().Match(string.Join("", signedIn.Headers.GetValues("Set-Cookie"))).Groups["value"].Value, "somebody mistyped", "confidential"])
            Assert.DoesNotContain(secret, server.Output + server.Errors, StringComparison.Ordinal);
        // In the start message, where it is for the person at the terminal, and nowhere else.
        Assert.Equal(1, server.Output.Split(ticket).Length - 1);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    [InlineData("http://+:0")]
    [InlineData("http://some-host.example:0")]
    [InlineData("http://127.0.0.1:0;http://0.0.0.0:0")]
    public async Task Beyond_loopback_without_authentication_the_server_refuses_to_start(string urls)
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--Auth:Mode=None", "--urls", urls, "--DataDirectory", folder["data"]]);

        await AssertRefused(server, "with Auth:Mode=None: everybody who reaches that address could run commands on this machine.");
    }

    [Fact]
    public async Task Beyond_loopback_without_authentication_an_endpoint_of_the_configuration_is_refused_too()
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--DataDirectory", folder["data"]], new Dictionary<string, string>
        {
            ["Auth__Mode"] = "None",
            ["Kestrel__Endpoints__Lan__Url"] = "http://0.0.0.0:0",
        });

        await AssertRefused(server, "with Auth:Mode=None");
    }

    [Fact]
    public async Task Beyond_loopback_with_a_token_the_server_starts_and_warns_of_plain_http()
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--urls", "http://0.0.0.0:0", "--DataDirectory", folder["data"]]);
        await server.Listening;

        Assert.Contains("tokens and prompts travel unencrypted", await Until(server, "unencrypted"), StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:", (await Line(server, SignInLink())).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_is_one_message()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var server = ServerProcess.Start(["--urls", $"http://{other.LocalEndpoint}", "--DataDirectory", folder["data"]]);

        await AssertRefused(server, "choose another address with --urls");
    }

    [Fact]
    public async Task A_data_directory_in_use_is_one_message()
    {
        using var folder = new TemporaryFolder();
        await using var first = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"]]);
        await first.Listening;
        await using var second = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"]]);

        await AssertRefused(second, "is in use by another server");
    }

    [Theory]
    [InlineData("--Auth:Token=short", "Auth:Token must have 32 to 1024")]
    [InlineData("--Auth:TrustedProxies:0=proxy.example", "Auth:TrustedProxies has 'proxy.example'")]
    [InlineData("--Auth:Mode=Open", "Auth:Mode")]
    [InlineData("--MaxRequestBodyBytes=1", "MaxRequestBodyBytes")]
    [InlineData("--Workspaces:Roots:0=/no/such/folder", "Workspaces:Roots has '/no/such/folder'")]
    [InlineData("--demo=perhaps", "Demo")]
    [InlineData("--Cluster:Mode=Node", "set Storage:Provider to Postgres")]
    public async Task A_configuration_that_makes_no_sense_is_one_message(string argument, string message)
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Start(["--urls", "http://127.0.0.1:0", "--DataDirectory", folder["data"], argument]);

        await AssertRefused(server, message);
    }

    [Theory]
    [InlineData("--urls=nonsense", "urls has 'nonsense': it must be an address such as")]
    [InlineData("--urls=", "urls is empty")]
    [InlineData("--urls=ftp://127.0.0.1:1", "it must begin with http:// or https://")]
    [InlineData("--urls=http://127.0.0.1:99999", "its port must lie between 0 and 65535")]
    [InlineData("--urls=http://127.0.0.1:0/base", "it must end with the port")]
    [InlineData("--urls=http://localhost:0", "write http://127.0.0.1:0")]
    [InlineData("--urls=http://192.0.2.1:0", "which is none of this machine's")]
    [InlineData("--urls=http://127.0.0.1:http", "its port is no number")]
    [InlineData("--urls=http://unix:relative.sock", "the path of a socket must be absolute")]
    [InlineData("--urls=http://unix:/no/such/folder/x.sock", "its folder does not exist")]
    [InlineData("--urls=http://unix:/etc/passwd", "there is something that is not a socket")]
    [InlineData("--urls=https://127.0.0.1:0", "An https address needs a certificate")]
    [InlineData("--Kestrel:Endpoints:a:Url=nonsense", "Kestrel:Endpoints:a:Url has 'nonsense'")]
    [InlineData("--Kestrel:Endpoints:a:Protocols=Http1", "missing the required 'Url' parameter")]
    [InlineData("--Kestrel:Certificates:Default:Path=/no/such.pfx --urls=https://127.0.0.1:0", "'/no/such.pfx'")]
    [InlineData("--demo --urls=nonsense", "urls has 'nonsense'")]
    [InlineData("--DataDirectory=", "DataDirectory is empty")]
    [InlineData("--DataDirectory= --demo", "DataDirectory is empty")]
    [InlineData("--DataDirectory=/etc/passwd", "'/etc/passwd' is a file")]
    [InlineData("--DataDirectory=/proc/codex-orleans", "'/proc/codex-orleans' cannot be created")]
    [InlineData("--DataDirectory", "--DataDirectory needs a value")]
    [InlineData("--DataDirectory --demo", "--DataDirectory needs a value")]
    [InlineData("--DataDirectroy=/tmp", "There is no option --DataDirectroy")]
    [InlineData("--Auth:Tokne=x", "There is no option --Auth:Tokne")]
    [InlineData("--nonsense", "There is no option --nonsense")]
    [InlineData("serve", "'serve' is no option")]
    [InlineData("-x", "'-x' is no option")]
    [InlineData("--UnixSocketMode=rw", "UnixSocketMode must be three octal digits")]
    [InlineData("--Codex:MaxConcurrentTurns=many", "'many' at 'Codex:MaxConcurrentTurns'")]
    [InlineData("--Storage:Provider=Mongo", "'Mongo' at 'Storage:Provider'")]
    public async Task A_start_that_cannot_be_is_one_message(string arguments, string message)
    {
        using var folder = new TemporaryFolder();
        // What is given last counts.
        await using var server = ServerProcess.Start(
            ["--urls=http://127.0.0.1:0", $"--DataDirectory={folder["data"]}", .. arguments.Split(' ')], _certificateOfNobody);

        await AssertRefused(server, message);
        Assert.Single(server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("WebFront", true)]
    [InlineData("WebFront", false)]
    [InlineData("Silo", true)]
    [InlineData("Silo", false)]
    public async Task Settings_that_cannot_be_read_are_one_message(string program, bool malformed)
    {
        using var folder = new TemporaryFolder();
        var environment = $"test{Guid.NewGuid():N}";
        var file = Path.Combine(ServerProcess.FolderOf(program), $"appsettings.{environment}.json");
        if (malformed)
            await File.WriteAllTextAsync(file, "{ \"Auth\": ", Cancel);
        else
            // Nobody can read the first page of a process's memory, not even root.
            File.CreateSymbolicLink(file, "/proc/self/mem");
        try
        {
            await using var server = ServerProcess.StartProgram(program, [$"--environment={environment}", $"--DataDirectory={folder["data"]}"]);

            await AssertRefused(server, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("WebFront")]
    [InlineData("Silo")]
    public async Task Too_few_open_files_are_one_message(string program)
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.StartProgram(
            "/bin/sh", ["-c", "ulimit -n 64; exec \"$0\" \"$@\"", ServerProcess.ExecutableOf(program), $"--DataDirectory={folder["data"]}"]);

        await AssertRefused(server, "The server may hold 64 files open");
    }

    [Theory]
    [InlineData("--DataDirectory=", "DataDirectory is empty")]
    [InlineData("--nonsense=1", "There is no option --nonsense")]
    [InlineData("--Auth:Token=x", "There is no option --Auth:Token")]
    [InlineData("--Cluster:SiloPort=many", "'many' at 'Cluster:SiloPort'")]
    [InlineData("--Cluster:Mode=Embedded", "Cluster:Mode is Embedded")]
    [InlineData("--Storage:ConnectionString=nonsense", "Storage:ConnectionString cannot be read")]
    public async Task A_silo_that_cannot_start_says_why_in_one_message(string argument, string message)
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.StartProgram(
            "Silo", [$"--DataDirectory={folder["data"]}", "--Storage:Provider=Postgres", "--Storage:ConnectionString=Host=127.0.0.1;Port=1;Database=x", argument]);

        await AssertRefused(server, message);
    }

    [Fact]
    public async Task A_user_without_a_home_is_told_to_name_a_folder()
    {
        // Its home is below a file, for whoever runs this.
        await using var server = ServerProcess.Start(
            ["--urls=http://127.0.0.1:0"], new Dictionary<string, string> { ["HOME"] = "/etc/passwd", ["XDG_DATA_HOME"] = "" });

        await AssertRefused(server, "choose another one with --DataDirectory");
    }

    private static async Task AssertRefused(ServerProcess server, string message)
    {
        // A server that starts all the same would never end.
        var listening = await Record.ExceptionAsync(() => server.Listening);
        Assert.NotNull(listening);
        Assert.Equal(1, await server.Exit());
        Assert.Contains(message, server.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Output + server.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("is listening", server.Output, StringComparison.Ordinal);
    }

    private static async Task<Match> Line(ServerProcess server, Regex pattern)
    {
        while (!pattern.IsMatch(server.Output))
            await server.MoreOutput(Cancel);
        return pattern.Match(server.Output);
    }

    private static async Task<string> Until(ServerProcess server, string text)
    {
        while (!server.Output.Contains(text, StringComparison.Ordinal))
            await server.MoreOutput(Cancel);
        return server.Output;
    }

    [GeneratedRegex(@"(?<link>http://\S+/sign-in\?ticket=(?<ticket>\S+))")]
    private static partial Regex SignInLink();

    [GeneratedRegex("is listening on")]
    private static partial Regex ListeningLine();

    [GeneratedRegex("=(?<value>[^;]+);")]
    private static partial Regex SessionValue();
}
