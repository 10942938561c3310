using System.Text;
using CodexOrleans.DemoModel.Exchanges;

namespace CodexOrleans.DemoModel.Session;

/// <summary>The demo's final message.</summary>
internal static class DemoReport
{
    private const int MaxQuote = 120;
    private const int MaxListing = 1_500;

    public static string Text(ResponsesRequest request, string command, string listing, bool written)
    {
        var report = new StringBuilder();
        report.Append($"## About {Quote(request.Prompt)}\n\n");
        if (request.Prompts.Count > 1)
            report.Append(
                $"I remember what we had before: this is prompt {request.Prompts.Count} of the thread, "
                + $"and the one before it was {Quote(request.Prompts[^2])}.\n\n");

        report.Append($"1. I ran `{command}`, which printed:\n\n```text\n{Cut(listing.Trim(), MaxListing)}\n```\n\n");
        report.Append(written
            ? $"2. I wrote your prompt to **{DemoNotes.FileName}**.\n"
            : $"2. I could not write **{DemoNotes.FileName}**: the sandbox did not allow it. With `workspace-write` I could.\n");
        report.Append(
            "\nEverything around me is real: the Codex CLI, its sandbox, the command and the file. Only I am a script, built in so that "
            + "you can look around without an account. After `codex login`, start the server without `--demo` and a real model answers.");
        return report.ToString();
    }

    /// <summary>The text as one short line in quotation marks.</summary>
    public static string Quote(string text) => $"“{Shorten(text)}”";

    /// <summary>The text as one short line.</summary>
    public static string Shorten(string text) =>
        Cut(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), MaxQuote);

    private static string Cut(string text, int length)
    {
        if (text.Length <= length)
            return text;
        // Half a surrogate pair is no text.
        var end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return text[..end] + "…";
    }
}
