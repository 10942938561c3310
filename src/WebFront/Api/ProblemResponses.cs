using CodexOrleans.Grains;
using CodexOrleans.Storage;
using Microsoft.AspNetCore.Diagnostics;

namespace CodexOrleans.WebFront.Api;

/// <summary>Makes a problem of every exception and of every bare error status.</summary>
internal static class ProblemResponses
{
    public static void AddProblems(this WebApplicationBuilder builder) => builder.Services.AddExceptionHandler<ProblemExceptionHandler>();

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(bare =>
        {
            var status = bare.HttpContext.Response.StatusCode;
            return new Problem(ProblemCodes.OfStatus(status), status: status).ExecuteAsync(bare.HttpContext);
        });
    }
}

/// <summary>Exceptions to problems. Text of an exception goes to the log, never to the caller.</summary>
internal sealed partial class ProblemExceptionHandler(ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // The caller has left: nobody reads an answer, and its absence is no fault of ours.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var problem = exception switch
        {
            BadHttpRequestException bad => BadRequests.Explain(bad),
            StorageException or StorageUnavailableException => Problems.Of(RefusalCodes.StorageUnavailable, retryAfterSeconds: 5),
            _ => Problems.Of(ProblemCodes.InternalError),
        };
        // While the database is away every request comes here: one line for each, and nothing that its message does not say.
        if (problem.Code == RefusalCodes.StorageUnavailable)
            RequestRefused(httpContext.TraceIdentifier, problem.Code, exception.Message);
        else if (problem.StatusCode >= StatusCodes.Status500InternalServerError)
            RequestFailed(exception, httpContext.TraceIdentifier, problem.Code);
        await problem.ExecuteAsync(httpContext);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "Request {TraceId} was refused with {Code}. {Reason}")]
    private partial void RequestRefused(string traceId, string code, string reason);

    [LoggerMessage(LogLevel.Error, "Request {TraceId} failed with {Code}.")]
    private partial void RequestFailed(Exception exception, string traceId, string code);
}
