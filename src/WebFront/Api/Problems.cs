using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodexOrleans.Grains;
using Microsoft.AspNetCore.WebUtilities;

namespace CodexOrleans.WebFront.Api;

/// <summary>RFC 9457 problem details: the one form in which this server says no.</summary>
public static class Problems
{
    /// <summary>The problem with this code of <see cref="ProblemCodes"/>.</summary>
    /// <param name="code">Decides the status.</param>
    /// <param name="detail">
    /// What failed and what to do next, for the caller; null takes the table's words. No path, prompt or exception text.
    /// </param>
    /// <param name="retryAfterSeconds">When trying again makes sense: the <c>Retry-After</c> header.</param>
    /// <param name="errors">What is wrong with which field of the request, when it is more than one thing.</param>
    public static Problem Of(
        string code, string? detail = null, int? retryAfterSeconds = null, IReadOnlyDictionary<string, string[]>? errors = null) =>
        new(code, detail, retryAfterSeconds, errors);

    /// <summary>Why a turn was not started, in the words of the thread's owner.</summary>
    internal static Problem Of(TurnRefusal refusal) => Of(
        refusal.Code,
        refusal.Message,
        refusal.RetryAfterSeconds,
        refusal.Field is { } field ? new Dictionary<string, string[]> { [field] = [refusal.Message] } : null);

    /// <summary>What is wrong with the request, by field.</summary>
    internal static Problem Of(Dictionary<string, string[]> errors) =>
        Of(ProblemCodes.InvalidRequest, "The request has fields that do not fit; 'errors' names each of them.", errors: errors);

    internal static Problem ThreadNotFound() => Of(RefusalCodes.ThreadNotFound);

    /// <summary>The owner of a thread did not answer.</summary>
    internal static Problem Unreachable() => Of(ProblemCodes.OwnerUnreachable, retryAfterSeconds: 2);
}

/// <summary>A problem as a result. Its status is the code's, unless the framework has chosen a more exact one.</summary>
public sealed class Problem : IResult, IStatusCodeHttpResult
{
    private readonly string _detail;
    private readonly int? _retryAfterSeconds;
    private readonly IReadOnlyDictionary<string, string[]>? _errors;

    internal Problem(
        string code,
        string? detail = null,
        int? retryAfterSeconds = null,
        IReadOnlyDictionary<string, string[]>? errors = null,
        int? status = null)
    {
        var entry = ProblemCodes.Find(code);
        Code = code;
        StatusCode = status ?? entry.Status;
        _detail = detail ?? entry.Detail;
        _retryAfterSeconds = retryAfterSeconds;
        _errors = errors;
    }

    public string Code { get; }

    public int StatusCode { get; }

    /// <summary>What to tell the caller.</summary>
    internal string Detail => _detail;

    /// <summary>What is wrong with which field, if anything is.</summary>
    internal IReadOnlyDictionary<string, string[]>? Errors => _errors;

    int? IStatusCodeHttpResult.StatusCode => StatusCode;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCode;
        if (_retryAfterSeconds is { } seconds)
            httpContext.Response.Headers.RetryAfter = seconds.ToString();
        var traceId = Code == ProblemCodes.InternalError ? httpContext.TraceIdentifier : null;
        var body = new ProblemBody("about:blank", ReasonPhrases.GetReasonPhrase(StatusCode), StatusCode, _detail, Code)
        {
            TraceId = traceId,
            Errors = _errors,
        };
        return httpContext.Response.WriteAsJsonAsync(body, ProblemJson.Readable.ProblemBody, "application/problem+json");
    }
}

/// <summary>Problem details as they are written.</summary>
/// <param name="Type">Always <c>about:blank</c>: <c>code</c> tells problems apart.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Detail">What failed and what to do next.</param>
/// <param name="Code">Stable; one of the server's codes.</param>
internal sealed record ProblemBody(string Type, string Title, int Status, string Detail, string Code)
{
    [Description("For internal_error: under which the server's log has the cause.")]
    public string? TraceId { get; init; }

    [Description("What is wrong with the request, by field; $ is the whole body.")]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ProblemJson : JsonSerializerContext
{
    /// <summary>Quotes and the like as they are: this is read in terminals, and never stands inside HTML.</summary>
    public static ProblemJson Readable =>
        field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
