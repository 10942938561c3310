using System.Text;
using CodexOrleans.WebFront.Requests;
using CodexOrleans.WebFront.Tests.Support;
using CodexOrleans.WebFront.Turns;

namespace CodexOrleans.WebFront.Tests.Turns;

public sealed class TurnBodySpecs
{
    [Fact]
    public async Task Every_field_reaches_the_owner()
    {
        await using var host = await RelayHost.Start();
        var (work, more) = (Directory.CreateDirectory(Path.Combine(host.Workspace, "a")).FullName, Directory.CreateDirectory(Path.Combine(host.Workspace, "b")).FullName);
        var image = Path.Combine(work, "i.png");
        await File.WriteAllTextAsync(image, "png", TestContext.Current.CancellationToken);
        using var response = await host.Post(
            "/api/codex/stream",
            $$"""
            {
              "prompt": " do it ", "model": "gpt-x", "sandbox": "read-only", "working_directory": "{{work}}", "skip_git_repo_check": true,
              "model_reasoning_effort": "high", "network_access_enabled": false, "web_search": "cached", "additional_directories": ["{{more}}", "{{work}}"],
              "output_schema": {"type": "object", "a": [1]}, "images": ["{{image}}"], "thread_id": "0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f"
            }
            """);
        var request = host.Thread(Guid.Parse("0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f")).Request!;
        Assert.Equal(" do it ", request.Prompt);
        Assert.False(request.NewThread);
        Assert.Equal("""{"type": "object", "a": [1]}""", request.OutputSchema);
        Assert.Equal([image], request.Images);
        Assert.Equal("gpt-x", request.Options.Model);
        Assert.Equal(SandboxMode.ReadOnly, request.Options.Sandbox);
        Assert.Equal(work, request.Options.WorkingDirectory);
        Assert.True(request.Options.SkipGitRepoCheck);
        Assert.Equal("high", request.Options.ModelReasoningEffort);
        Assert.False(request.Options.NetworkAccessEnabled);
        Assert.Equal(WebSearchMode.Cached, request.Options.WebSearch);
        Assert.Equal([more, work], request.Options.AdditionalDirectories);
    }

    [Fact]
    public async Task A_prompt_alone_starts_a_new_thread_and_leaves_every_option_open()
    {
        await using var host = await RelayHost.Start();
        using var response = await host.Post("/api/codex/stream", """{"prompt":"p","model":null,"images":null}""");
        var request = host.Thread(Guid.Parse(response.Headers.GetValues("Codex-Thread-Id").Single())).Request!;
        Assert.True(request.NewThread);
        Assert.Equal(new ThreadOptions(), request.Options);
        Assert.Null(request.Images);
        Assert.Null(request.OutputSchema);
    }

    [Theory]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":null}""", "prompt")]
    [InlineData("""{"prompt":""}""", "prompt")]
    [InlineData("""{"prompt":" \n\t "}""", "prompt")]
    [InlineData("""{"prompt":7}""", "prompt")]
    [InlineData("""{"prompt":"p","sandbox":"none"}""", "sandbox")]
    [InlineData("""{"prompt":"p","sandbox":"ReadOnly"}""", "sandbox")]
    [InlineData("""{"prompt":"p","sandbox":"Read-Only"}""", "sandbox")]
    [InlineData("""{"prompt":"p","sandbox":1}""", "sandbox")]
    [InlineData("""{"prompt":"p","sandbox":"1"}""", "sandbox")]
    [InlineData("""{"prompt":"p","web_search":"on"}""", "web_search")]
    [InlineData("""{"prompt":"p","thread_id":"7"}""", "thread_id")]
    [InlineData("""{"prompt":"p","working_directory":"relative"}""", "working_directory")]
    [InlineData("""{"prompt":"p","working_directory":"/a\u0000b"}""", "working_directory")]
    [InlineData("""{"prompt":"p","skip_git_repo_check":"true"}""", "skip_git_repo_check")]
    [InlineData("""{"prompt":"p","network_access_enabled":1}""", "network_access_enabled")]
    [InlineData("""{"prompt":"p","additional_directories":"/a"}""", "additional_directories")]
    [InlineData("""{"prompt":"p","additional_directories":["/a","b"]}""", "additional_directories[1]")]
    [InlineData("""{"prompt":"p","images":[1]}""", "images[0]")]
    [InlineData("""{"prompt":"p","output_schema":"{}"}""", "output_schema")]
    [InlineData("""{"prompt":"p","model":""}""", "model")]
    [InlineData("""{"prompt":"p","model":"a\nb"}""", "model")]
    [InlineData("""{"prompt":"p","model_reasoning_effort":true}""", "model_reasoning_effort")]
    [InlineData("""{"prompt":"p","Model":"x"}""", "Model")]
    [InlineData("""{"prompt":"p","executable":null}""", "executable")]
    [InlineData("""{"prompt":"p","prompt":"q"}""", "$")]
    [InlineData("""["prompt"]""", "$")]
    [InlineData("""{"prompt":"p"} x""", "$")]
    [InlineData("", "$")]
    [InlineData("""{"prompt":"p","sandbox":{"a":[{}]},"web_search":[[1]],"x":{"y":[1]},"model":[]}""", "sandbox,web_search,x,model")]
    [InlineData("""{"prompt":"p","output_schema":[[{}]],"images":{"a":["/b"]}}""", "output_schema,images")]
    [InlineData("""{"prompt":"p","output_schema":{"a":1,"a":2}}""", "output_schema")]
    [InlineData("""{"prompt":"p","x":1,"x":2}""", "$")]
    [InlineData("""{"prompt":"p","sandbox":1,}""", "$")]
    public void What_does_not_fit_is_named(string json, string field)
    {
        var (body, errors) = Read(Encoding.UTF8.GetBytes(json));
        Assert.Null(body);
        Assert.Equal(field.Split(','), errors.Keys);
    }

    [Fact]
    public async Task Everything_that_does_not_fit_is_named_in_one_answer()
    {
        await using var host = await RelayHost.Start();
        using var response = await host.Post("/api/codex/run", """{"sandbox":1,"web_search":"x","nonsense":2,"images":["a"]}""");
        Assert.Equal(400, (int)response.StatusCode);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"invalid_request\"", body);
        foreach (var field in new[] { "prompt", "sandbox", "web_search", "nonsense", "images[0]" })
            Assert.Contains($"\"{field}\":[", body);
    }

    [Theory]
    [InlineData(1_048_576, true)]
    [InlineData(1_048_577, false)]
    public void A_prompt_has_the_clis_limit(int length, bool fits)
    {
        var (body, _) = Read(Encoding.UTF8.GetBytes($$"""{"prompt":"{{new string('p', length)}}"}"""));
        Assert.Equal(fits, body is not null);
    }

    [Theory]
    [InlineData(262_144, true)]
    [InlineData(262_145, false)]
    public void A_schema_is_bounded_in_characters(int length, bool fits)
    {
        var schema = "{\"title\":\"\"}".Insert(10, new string('é', length - 12));

        var (body, errors) = Read(Encoding.UTF8.GetBytes($$"""{"prompt":"p","output_schema":{{schema}}}"""));

        Assert.Equal(fits ? schema : null, body?.OutputSchema?.GetRawText());
        Assert.Equal(fits ? [] : ["output_schema"], errors.Keys);
    }

    [Fact]
    public void Errors_are_bounded()
    {
        var fields = string.Join(",", Enumerable.Range(0, 1_000).Select(i => $"\"{new string('n', 1_000)}{i}\":{i}").Concat(Enumerable.Range(0, 1_000).Select(i => $"\"{i}\":{i}")));

        var (_, errors) = Read(Encoding.UTF8.GetBytes($$"""{"prompt":"p",{{fields}}}"""));

        Assert.Equal(50, errors.Count);
        Assert.All(errors.Keys, field => Assert.InRange(field.Length, 1, 65));
    }

    [Fact]
    public void Lists_are_bounded()
    {
        var paths = string.Join(",", Enumerable.Repeat("\"/a\"", 65));
        var (_, errors) = Read(Encoding.UTF8.GetBytes($$"""{"prompt":"p","additional_directories":[{{paths}}],"images":[{{paths}}]}"""));
        Assert.Equal(["additional_directories", "images"], errors.Keys.Order());
    }

    private static (TurnBody? Body, IReadOnlyDictionary<string, string[]> Errors) Read(byte[] json)
    {
        var body = BodyReader.Read(json, TurnJson.Default.TurnBody, out var problem);
        return (body, problem?.Errors ?? new Dictionary<string, string[]>());
    }
}
