using System.Net;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Page;
using Microsoft.AspNetCore.Builder;

namespace CodexOrleans.WebFront.Tests.Api;

public sealed class ProblemSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_code_stands_in_the_documentation_under_its_status()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "api.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(columns => columns.Length == 4 && columns[1].Split(", ").All(status => int.TryParse(status, out _)))
            .ToList();

        Assert.All(ProblemCodes.All, code => Assert.Contains(rows, row =>
            row[1].Contains($"{ProblemCodes.StatusOf(code)}", StringComparison.Ordinal) && row[2].Contains($"`{code}`", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_code_has_its_row_in_the_table()
    {
        var codes = typeof(ProblemCodes).GetFields().Concat(typeof(RefusalCodes).GetFields())
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).Order();

        Assert.Equal(codes, ProblemCodes.All.Order());
    }

    [Theory]
    [InlineData("turn_in_progress", 409)]
    [InlineData("thread_not_found", 404)]
    [InlineData("server_busy", 503)]
    [InlineData("codex_not_installed", 503)]
    [InlineData("turn_failed", 502)]
    [InlineData("turn_timeout", 504)]
    [InlineData("host_not_allowed", 421)]
    public void A_code_decides_the_status(string code, int status) => Assert.Equal(status, Problems.Of(code).StatusCode);

    [Fact]
    public async Task A_problem_carries_code_detail_and_when_to_try_again()
    {
        await using var server = await RunningServer.Start([], app =>
            app.MapGet("/busy", () => Problems.Of(RefusalCodes.ServerBusy, "All 4 turn slots are taken.", retryAfterSeconds: 7)));

        using var response = await server.Owner.GetAsync("/busy", Cancel);

        Assert.Equal(
            """{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"All 4 turn slots are taken.","code":"server_busy"}""",
            await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task A_problem_of_several_fields_names_each()
    {
        await using var server = await RunningServer.Start([], app =>
            app.MapGet("/fields", () => Problems.Of(ProblemCodes.InvalidRequest, errors: new Dictionary<string, string[]> { ["max_turns"] = ["Too many."] })));

        using var response = await server.Owner.GetAsync("/fields", Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.BadRequest, "invalid_request");
        Assert.Equal("""{"max_turns":["Too many."]}""", problem.GetProperty("errors").GetRawText());
    }

    [Fact]
    public async Task A_fault_of_the_server_tells_the_caller_a_trace_id_and_the_log_the_cause()
    {
        await using var server = await RunningServer.Start([], app =>
            app.MapGet("/fault", string () => throw new InvalidOperationException("C:/secret/path is broken")));

        using var response = await server.Owner.GetAsync("/fault", Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.InternalServerError, "internal_error");
        Assert.DoesNotContain("secret", problem.GetRawText(), StringComparison.Ordinal);
        var traceId = problem.GetProperty("trace_id").GetString()!;
        Assert.Contains(server.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(traceId, StringComparison.Ordinal) && line.Contains("C:/secret/path is broken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_fault_keeps_the_security_headers()
    {
        await using var server = await RunningServer.Start([], app => app.MapGet("/fault", string () => throw new InvalidOperationException("x")));

        using var response = await server.Owner.GetAsync("/fault", Cancel);

        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal([SecurityHeaders.PagePolicy], response.Headers.GetValues("Content-Security-Policy"));
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_told_as_such_without_its_path()
    {
        await using var server = await RunningServer.Start([], app =>
            app.MapGet("/read", string () => throw new StorageException(StorageFault.DiskFull, "The disk of '/secret' is full.")));

        using var response = await server.Owner.GetAsync("/read", Cancel);

        var problem = await response.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "storage_unavailable");
        Assert.DoesNotContain("/secret", problem.GetRawText(), StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Unknown_paths_and_methods_are_problems_too()
    {
        await using var server = await RunningServer.Start();

        using var path = await server.Owner.GetAsync("/no/such/path", Cancel);
        using var method = await server.Owner.DeleteAsync("/health", Cancel);

        await path.ShouldBeProblem(HttpStatusCode.NotFound, "not_found");
        await method.ShouldBeProblem(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Fact]
    public async Task A_client_that_accepts_only_an_event_stream_gets_its_problem_all_the_same()
    {
        await using var server = await RunningServer.Start();
        server.Owner.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");

        using var response = await server.Owner.GetAsync("/no/such/path", Cancel);

        await response.ShouldBeProblem(HttpStatusCode.NotFound, "not_found");
    }
}
