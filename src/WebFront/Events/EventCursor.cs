using CodexOrleans.WebFront.Api;

namespace CodexOrleans.WebFront.Events;

/// <summary>The number of the last event that a client has, from its request.</summary>
internal static class EventCursor
{
    /// <summary>
    /// Reads <c>Last-Event-ID</c>, which a reconnecting EventSource sends and which is newer than the address it was made with, else
    /// <c>?after=</c>, else 0. False when what was sent is no event number.
    /// </summary>
    public static bool TryRead(HttpRequest request, out long cursor)
    {
        cursor = 0;
        var header = request.Headers["Last-Event-ID"];
        // An empty one is that of an EventSource that has seen no number yet.
        if (header.Count > 0 && header is not [""])
            return WholeNumber.TryParse(header, out cursor);
        return !request.Query.TryGetValue("after", out var after) || WholeNumber.TryParse(after, out cursor);
    }
}
