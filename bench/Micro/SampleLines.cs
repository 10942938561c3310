using System.Text;

namespace CodexOrleans.Micro;

/// <summary>Lines as the CLI prints them.</summary>
internal static class SampleLines
{
    /// <summary>Length of an ordinary <see cref="Message"/>, its line feed included.</summary>
    public const int MessageLength = 300;

    /// <summary>What arrives together in a burst: about what one read of a pipe holds.</summary>
    public const int Burst = 150;

    public const string ThreadStarted = """{"type":"thread.started","thread_id":"0199a213-81c0-7800-8aa1-bbab2a035a53"}""" + "\n";

    public const string TurnStarted = """{"type":"turn.started"}""" + "\n";

    public const string TurnCompleted =
        """{"type":"turn.completed","usage":{"input_tokens":24763,"cached_input_tokens":24448,"output_tokens":122,"reasoning_output_tokens":64}}""" + "\n";

    /// <summary>A completed agent message of <see cref="MessageLength"/> bytes.</summary>
    public static string Message(long number)
    {
        var head = $$$"""{"type":"item.completed","item":{"id":"item_{{{number}}}","type":"agent_message","text":"{{{number}}} """;
        return string.Concat(head.PadRight(MessageLength - 4, 'x'), "\"}}\n");
    }

    /// <summary>A completed command with <paramref name="outputLength"/> characters of output, lines and quotes escaped.</summary>
    public static string Command(int outputLength)
    {
        var output = new StringBuilder();
        while (output.Length < outputLength)
            output.Append("""src/Storage/LogChunk.cs:12:    \"first\" of the chunk\n""");
        return $$$"""{"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"bash -lc 'rg first'","aggregated_output":"{{{output}}}","exit_code":0,"status":"completed"}}""" + "\n";
    }

    /// <summary><paramref name="count"/> messages, numbered from <paramref name="first"/>.</summary>
    public static byte[] Messages(int count, long first = 0)
    {
        var lines = new StringBuilder(count * MessageLength);
        for (var i = 0; i < count; i++)
            lines.Append(Message(first + i));
        return Encoding.UTF8.GetBytes(lines.ToString());
    }
}
