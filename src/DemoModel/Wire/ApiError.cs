using Microsoft.AspNetCore.Http;

namespace CodexOrleans.DemoModel.Wire;

/// <summary>A refusal in the words of the API.</summary>
internal sealed record ApiError(int Status, string Type, string? Code, string Message)
{
    public static ApiError InvalidKey { get; } = new(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.");

    public int? RetryAfterSeconds { get; init; }

    public static ApiError BadRequest(string message) => new(400, "invalid_request_error", "invalid_request", message);

    public Task Write(HttpResponse response)
    {
        response.StatusCode = Status;
        // The CLI repeats the request id in its error text; a fixed one keeps that text the same in each run.
        response.Headers["x-request-id"] = "demo-request";
        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();
        return response.WriteAsJsonAsync(
            new { error = new { message = Message, type = Type, param = (string?)null, code = Code } },
            response.HttpContext.RequestAborted);
    }
}
