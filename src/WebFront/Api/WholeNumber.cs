using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CodexOrleans.WebFront.Api;

/// <summary>A number of a request's query or headers: given once, in decimal digits and nothing else.</summary>
internal static class WholeNumber
{
    private const int MostDigits = 19;

    /// <summary>False when it is not one number from 0 to <see cref="long.MaxValue"/>.</summary>
    public static bool TryParse(StringValues values, out long number)
    {
        number = 0;
        // The framework takes a number with NUL characters behind it.
        return values is [{ Length: > 0 and <= MostDigits } text] && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
