using Microsoft.AspNetCore.Mvc;

namespace CodexOrleans.WebFront;

internal static class Problems
{
    private static readonly Dictionary<string, int> _status = new()
    {
        ["invalid_request"] = 400,
        ["invalid_cursor"] = 400,
        ["thread_not_found"] = 404,
        ["turn_in_progress"] = 409,
        ["no_turn_running"] = 409,
        ["working_directory_missing"] = 409,
        ["cursor_expired"] = 410,
        ["result_too_large"] = 500,
    };

    public static IResult Of(string code, string? detail = null, int? retryAfterSeconds = null, Dictionary<string, string[]>? errors = null)
    {
        var details = new ProblemDetails { Status = _status.GetValueOrDefault(code, 503), Title = code, Detail = detail };
        details.Extensions["code"] = code;
        if (errors is not null)
            details.Extensions["errors"] = errors;
        return new Problem(details, retryAfterSeconds);
    }

    private sealed class Problem(ProblemDetails details, int? retryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            if (retryAfter is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString();
            return TypedResults.Problem(details).ExecuteAsync(context);
        }
    }
}
