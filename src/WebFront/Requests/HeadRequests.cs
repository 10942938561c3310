namespace CodexOrleans.WebFront.Requests;

/// <summary>HEAD works wherever GET does: health checks and link checkers ask that way.</summary>
internal static class HeadRequests
{
    /// <summary>Lets every GET endpoint of the group answer HEAD too; the server leaves out the body.</summary>
    public static RouteGroupBuilder WithHead(this RouteGroupBuilder group)
    {
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        });
        return group;
    }
}
