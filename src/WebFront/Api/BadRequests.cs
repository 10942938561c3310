using System.Text.RegularExpressions;

namespace CodexOrleans.WebFront.Api;

/// <summary>Says what is wrong with a request that the framework refused: which parameter, but nothing of its content.</summary>
internal static partial class BadRequests
{
    public static Problem Explain(BadHttpRequestException exception)
    {
        if (exception.StatusCode != StatusCodes.Status400BadRequest)
            return new Problem(ProblemCodes.OfStatus(exception.StatusCode), status: exception.StatusCode);
        return ParameterName().Match(exception.Message) is { Success: true } match
            ? Problems.Of(ProblemCodes.InvalidValue, $"The parameter '{match.Groups["name"].Value}' is missing or does not fit.")
            : Problems.Of(ProblemCodes.InvalidRequest);
    }

    [GeneratedRegex("""parameter "(?:[^" ]+ )?(?<name>\w+)(?: [^"]*)?" """)]
    private static partial Regex ParameterName();
}
