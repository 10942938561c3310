using System.Globalization;
using System.Text;

namespace CodexOrleans.Load.Measures;

/// <summary>Columns of text, the first to the left, the others to the right.</summary>
internal sealed class TextTable(params string[] heads)
{
    private readonly List<string[]> _rows = [heads];

    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Three digits that matter.</summary>
    public static string Figure(double? value) => value switch
    {
        null or double.NaN => "-",
        >= 100 or 0 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    public static string Percent(double share) => double.IsNaN(share) ? "-" : (share * 100).ToString("0", CultureInfo.InvariantCulture) + "%";

    public override string ToString()
    {
        var text = new StringBuilder();
        var widths = Enumerable.Range(0, heads.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        for (var row = 0; row < _rows.Count; row++)
        {
            text.Append('|');
            for (var column = 0; column < heads.Length; column++)
            {
                var cell = _rows[row][column];
                text.Append(' ').Append(column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])).Append(" |");
            }

            text.AppendLine();
            if (row == 0)
                text.Append('|').AppendJoin('|', widths.Select((width, column) => column == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":")).Append('|').AppendLine();
        }

        return text.ToString();
    }
}
