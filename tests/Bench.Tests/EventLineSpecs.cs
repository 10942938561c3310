using System.Text;
using CodexOrleans.Load.Http;

namespace CodexOrleans.Bench.Tests;

public sealed class EventLineSpecs
{
    [Theory]
    [InlineData("""{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"3 99 xx"}}""", "NumberedText", 3, 99)]
    [InlineData("""{"type": "item.completed", "item": {"id": "item_3", "type": "agent_message", "text": "3 99 xx"}}""", "NumberedText", 3, 99)]
    [InlineData("""{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"Three apples"}}""", "Text", -1, 0)]
    [InlineData("""{"type":"item.completed","item":{"id":"item_3","type":"reasoning","text":"Hm"}}""", "Item", -1, 0)]
    [InlineData("""{"type":"item.started","item":{"id":"item_3","type":"command_execution"}}""", "Item", -1, 0)]
    [InlineData("""{"type":"turn.completed","usage":{}}""", "Completed", -1, 0)]
    [InlineData("""{"type":"turn.failed","error":{}}""", "Failed", -1, 0)]
    [InlineData("""{"type":"thread.started","thread_id":"x"}""", "Other", -1, 0)]
    [InlineData("{}", "Other", -1, 0)]
    public void A_line_says_what_the_generator_must_know(string line, string kind, int number, long writtenAt)
    {
        Assert.Equal(Enum.Parse<EventLineKind>(kind), EventLine.Read(Encoding.UTF8.GetBytes(line), out var read, out var at));
        Assert.Equal(number, kind == "NumberedText" ? read : number);
        Assert.Equal(writtenAt, at);
    }
}
