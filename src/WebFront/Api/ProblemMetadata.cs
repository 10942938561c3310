namespace CodexOrleans.WebFront.Api;

/// <summary>Which problems an endpoint answers with, for the API's description. Any endpoint may answer with others.</summary>
internal static class ProblemMetadata
{
    public const string ContentType = "application/problem+json";

    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<ProblemBody>(status, ContentType);
        return endpoint;
    }
}
