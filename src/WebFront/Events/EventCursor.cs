using System.Globalization;

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
        var text = request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0)
            text = request.Query["after"].ToString();
        cursor = 0;
        return text.Length == 0 || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out cursor);
    }
}
