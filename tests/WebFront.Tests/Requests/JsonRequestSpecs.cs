using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CodexOrleans.WebFront.Tests.Requests;

public sealed class JsonRequestSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Body of an endpoint that stands for all that take JSON.</summary>
    public sealed record Order
    {
        private static readonly JsonSerializerOptions _json = Options();

        [Required]
        public string Prompt { get; set; } = "";

        public int? MaxTurns { get; set; }

        public Part? Part { get; set; }

        internal static Order? Read(HttpContext context, out Problem? problem) =>
            BodyReader.Read(context, (JsonTypeInfo<Order>)_json.GetTypeInfo(typeof(Order)), out problem);

        private static JsonSerializerOptions Options()
        {
            var options = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
            JsonRequests.Apply(options);
            return options;
        }
    }

    public sealed record Part
    {
        [Required]
        public string Name { get; set; } = "";
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonp")]
    [InlineData(null)]
    public async Task Simple_request_csrf_a_body_that_is_not_declared_as_json_is_refused(string? contentType)
    {
        await using var server = await Start();
        foreach (var path in (string[])["/orders", "/nothing-read", "/api/codex/sign-in"])
        {
            using var body = new ByteArrayContent("""{"prompt":"x"}"""u8.ToArray());
            body.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

            using var response = await server.Owner.PostAsync(path, body, Cancel);

            await response.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=UTF-8")]
    public async Task Json_in_utf_8_is_read_with_names_in_snake_case(string contentType)
    {
        await using var server = await Start();
        using var body = new ByteArrayContent("""{"prompt":"x","max_turns":3}"""u8.ToArray());
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        using var response = await server.Owner.PostAsync("/orders", body, Cancel);

        Assert.Equal("""{"prompt":"x","max_turns":3,"part":null}""", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_post_without_a_body_needs_no_content_type()
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/nothing-read", null, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("executable")]
    [InlineData("executable_path")]
    [InlineData("codex_path_override")]
    [InlineData("args")]
    [InlineData("arguments")]
    [InlineData("env")]
    [InlineData("config")]
    [InlineData("config_overrides")]
    [InlineData("base_url")]
    [InlineData("api_key")]
    [InlineData("Prompt")]
    public async Task A_field_that_the_endpoint_does_not_know_is_refused_by_name(string field)
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/orders", Answers.Json($$"""{"prompt":"x","{{field}}":"sh"}"""), Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_request");
        Assert.Equal($$"""{"{{field}}":["There is no such field."]}""", problem.GetProperty("errors").GetRawText());
    }

    [Fact]
    public async Task An_unknown_field_of_an_inner_object_is_refused_by_name()
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/orders", Answers.Json("""{"prompt":"x","part":{"name":"a","colour":1}}"""), Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_request");
        Assert.Equal("""{"part.colour":["There is no such field."]}""", problem.GetProperty("errors").GetRawText());
    }

    [Fact]
    public async Task The_name_of_an_unknown_field_is_shown_in_part_only()
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/orders", Answers.Json($$"""{"{{new string('n', 5_000)}}":1}"""), Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_request");
        Assert.InRange(problem.GetProperty("errors").GetRawText().Length, 64, 200);
    }

    [Theory]
    [InlineData("{\"prompt\":\"hidden\",\n  oops}", "line 2, byte 3")]
    [InlineData("{\"prompt\":\"hidden", "line 1")]
    [InlineData("hidden", "line 1, byte 1")]
    [InlineData("{\"prompt\":\"hidden\"} hidden", "line 1")]
    public async Task Malformed_json_is_refused_with_its_position_and_without_its_content(string body, string position)
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/orders", Answers.Json(body), Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_json");
        Assert.Contains(position, problem.Detail(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", problem.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":5}""", "invalid_request")]
    [InlineData("""{"prompt":null}""", "invalid_request")]
    [InlineData("""{"prompt":"a","max_turns":"3"}""", "invalid_request")]
    [InlineData("""{"prompt":"a","prompt":"b"}""", "invalid_request")]
    [InlineData("""["hidden"]""", "invalid_request")]
    [InlineData("""{"max_turns":1}""", "invalid_request")]
    [InlineData("""{"prompt":"a","part":{}}""", "invalid_request")]
    [InlineData("null", "invalid_request")]
    [InlineData("", "invalid_json")]
    public async Task Json_that_does_not_fit_is_refused_with_a_code_that_says_how(string body, string code)
    {
        await using var server = await Start();

        using var response = await server.Owner.PostAsync("/orders", Answers.Json(body), Cancel);

        await response.ShouldBeProblem((HttpStatusCode)ProblemCodes.StatusOf(code), code);
    }

    [Fact]
    public async Task A_parameter_that_does_not_fit_is_named_and_its_value_not_shown()
    {
        await using var server = await Start();

        using var response = await server.Owner.GetAsync("/count?after=hidden", Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_value");
        Assert.Equal("The parameter 'after' is missing or does not fit.", problem.Detail());
    }

    [Fact]
    public async Task The_longest_prompt_that_the_cli_takes_passes_however_it_is_escaped()
    {
        await using var server = await Start();
        var escaped = new StringBuilder("""{"prompt":" """.TrimEnd()).Insert(11, "\\u6f22", 1_048_576).Append("\"}").ToString();

        using var response = await server.Owner.PostAsync("/length", Answers.Json(escaped), Cancel);

        Assert.Equal("1048576", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_by_its_announced_length_before_it_is_read()
    {
        await using var server = await Start("--MaxRequestBodyBytes=65536");
        using var body = Answers.Json($$"""{"prompt":"{{new string('x', 65_536)}}"}""");

        using var response = await server.Owner.PostAsync("/nothing-read", body, Cancel);

        await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_also_when_it_announces_no_length()
    {
        await using var server = await Start("--MaxRequestBodyBytes=65536");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = Answers.Json($$"""{"prompt":"{{new string('x', 65_536)}}"}""") };
        request.Headers.TransferEncodingChunked = true;

        using var response = await server.Owner.SendAsync(request, Cancel);

        await response.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    internal static IResult Length(HttpContext context) =>
        Order.Read(context, out var problem) is { } order ? TypedResults.Ok(order.Prompt.Length) : problem!;

    private static Task<RunningServer> Start(params string[] args) => RunningServer.Start(args, app =>
    {
        app.MapPost("/orders", (HttpContext context) => Order.Read(context, out var problem) is { } order ? TypedResults.Ok(order) : (IResult)problem!)
            .Accepts<Order>("application/json");
        app.MapPost("/length", Length).Accepts<Order>("application/json");
        app.MapPost("/nothing-read", () => TypedResults.Ok());
        app.MapGet("/count", (long after) => TypedResults.Ok(after));
    });
}
