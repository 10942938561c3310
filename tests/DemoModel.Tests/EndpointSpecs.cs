using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>The protocol, byte by byte as the CLI sees it.</summary>
public sealed class EndpointSpecs(ModelFixture fixture)
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("{key}x")]
    public async Task Without_the_key_nothing_is_answered(string? key)
    {
        await using var model = await DemoModelServer.Start();
        using var client = new ResponsesClient(model.BaseUrl, key?.Replace("{key}", model.Key));
        using var response = await client.Post(ResponsesClient.Request("SCENARIO:plain"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(model.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    public async Task What_is_no_request_is_refused(string body)
    {
        using var client = new ResponsesClient(fixture.Model);
        var (status, message) = await client.Refused(new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("not a Responses API request", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_scenario_is_refused_with_the_names_there_are()
    {
        using var client = new ResponsesClient(fixture.Model);
        var (status, message) = await client.Refused(JsonContent.Create(ResponsesClient.Request("SCENARIO:plane")));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("plain, many, drip", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_is_numbered_and_ends_with_all_its_items()
    {
        using var client = new ResponsesClient(fixture.Model);
        var events = await client.Events(ResponsesClient.Request("SCENARIO:reasoning"));

        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(item => item.GetProperty("sequence_number").GetInt32()));
        Assert.Equal("response.created", events[0].GetProperty("type").GetString());
        Assert.Equal("response.completed", events[^1].GetProperty("type").GetString());

        var added = events.Where(item => item.GetProperty("type").GetString() == "response.output_item.added");
        var done = events.Where(item => item.GetProperty("type").GetString() == "response.output_item.done").ToList();
        Assert.Equal(added.Select(Id), done.Select(Id));
        Assert.Equal(["reasoning", "message"], events[^1].GetProperty("response").GetProperty("output").EnumerateArray().Select(item => item.GetProperty("type").GetString()));
        Assert.Equal(1280, events[^1].GetProperty("response").GetProperty("usage").GetProperty("total_tokens").GetInt32());

        static string? Id(System.Text.Json.JsonElement item) => item.GetProperty("item").GetProperty("id").GetString();
    }

    [Fact]
    public async Task Each_event_is_sent_when_it_is_written_and_a_gate_holds_the_rest()
    {
        await using var model = await DemoModelServer.Start();
        using var client = new ResponsesClient(model);

        using var response = await client.Post(ResponsesClient.Request("SCENARIO:gate NAME=here"));
        await using var events = ResponsesClient.Events(response).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("response.created", events.Current.GetProperty("type").GetString());
        await model.Gates.Reached("here").WaitAsync(TestContext.Current.CancellationToken);

        var next = events.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        model.Gates.Open("here");
        Assert.True(await next);
        Assert.Equal("response.output_item.added", events.Current.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Deltas_keep_the_pace()
    {
        var time = new ObservedTime();
        await using var model = await DemoModelServer.Start(TimeSpan.FromHours(1), time);
        using var client = new ResponsesClient(model);

        using var response = await client.Post(ResponsesClient.Request("SCENARIO:plain"));
        await using var events = ResponsesClient.Events(response).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        foreach (var type in (string[])["response.created", "response.output_item.added", "response.content_part.added"])
        {
            Assert.True(await events.MoveNextAsync());
            Assert.Equal(type, events.Current.GetProperty("type").GetString());
        }

        var delta = events.MoveNextAsync().AsTask();
        Assert.False(delta.IsCompleted);
        await time.TimerStarted.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        Assert.True(await delta);
        Assert.Equal("Hello ", events.Current.GetProperty("delta").GetString());
    }

    [Theory]
    [InlineData("SCENARIO:hang-mid")]
    [InlineData("SCENARIO:gate NAME=never")]
    public async Task A_response_that_hangs_does_not_hold_the_server_up(string prompt)
    {
        var model = await DemoModelServer.Start();
        using var client = new ResponsesClient(model);
        using var response = await client.Post(ResponsesClient.Request(prompt));
        await model.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () => await ResponsesClient.Events(response).CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_last_500_requests_can_be_looked_at()
    {
        await using var model = await DemoModelServer.Start();
        using var client = new ResponsesClient(model);
        for (var number = 0; number < 502; number++)
            (await client.Post(ResponsesClient.Request($"SCENARIO:403 {number}"))).Dispose();

        Assert.Equal(500, model.Requests.Count);
        Assert.Equal("SCENARIO:403 2", model.Requests.First().Prompt);
        Assert.Equal("SCENARIO:403 501", model.Requests.Last().Prompt);
    }

    [Fact]
    public async Task A_host_without_gates_refuses_to_wait_at_one()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var host = builder.Build();
        host.MapDemoModel("/demo/v1/", new DemoModelOptions { Key = "key", Pace = TimeSpan.Zero });
        await host.StartAsync(TestContext.Current.CancellationToken);
        using var client = new ResponsesClient($"{host.Urls.First()}/demo/v1", "key");

        var (status, _) = await client.Refused(JsonContent.Create(ResponsesClient.Request("SCENARIO:gate")));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotEmpty(await client.Events(ResponsesClient.Request("SCENARIO:plain")));
    }

    /// <summary>A clock that stands still and tells when somebody begins to wait for it.</summary>
    private sealed class ObservedTime : FakeTimeProvider
    {
        public SemaphoreSlim TimerStarted { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            TimerStarted.Release();
            return timer;
        }
    }
}
