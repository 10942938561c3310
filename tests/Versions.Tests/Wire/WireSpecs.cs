using System.Buffers;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;

namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>Messages of other versions.</summary>
public sealed class WireSpecs
{
    public static TheoryData<string> Versions => VersionFixture.All;

    [Theory, MemberData(nameof(Versions))]
    public void What_an_earlier_version_sends_means_the_same_here(string version)
    {
        var recordings = WireRecording.Read(VersionFixture.Of(version).Messages);

        Assert.NotEmpty(recordings);
        Assert.All(recordings, recording => Assert.Equal(recording.Text, WireText.Of(WireRecording.Read(recording.Bytes))));
    }

    [Fact]
    public void Every_method_and_every_message_is_among_the_samples()
    {
        Assert.Empty(WireSamples.Forgotten);
        var sent = WireSamples.All.Values.Select(WireText.Of).ToList();
        Assert.DoesNotContain(WireContract.Messages, type => !type.IsEnum && !sent.Any(text => text.Contains(WireContract.Name(type), StringComparison.Ordinal)));
    }

    [Fact]
    public void What_is_sent_here_arrives_whole() =>
        Assert.All(WireSamples.All.Values, message => Assert.Equal(WireText.Of(message), WireText.Of(WireRecording.Read(WireRecording.Write(message)))));

    [Fact]
    public void A_member_that_only_a_later_version_knows_is_skipped()
    {
        foreach (var message in WireSamples.All.Values.Where(message => WireContract.Messages.Contains(message.GetType()) && WireContract.Members(message.GetType()).Count > 0))
        {
            var bytes = WireRecording.Write(message);
            // An object ends with a byte that says so: the member goes before it, with a number beyond all that are known.
            byte[] later = [.. bytes[..^1], .. Member(number: 100, "what a later version says"), bytes[^1]];

            Assert.Equal(WireText.Of(message), WireText.Of(WireRecording.Read(later)));
        }
    }

    private static byte[] Member(uint number, string value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = Writer.Create(buffer, session: WireRecording.Session());
        StringCodec.WriteField(ref writer, number, value);
        writer.Commit();
        return [.. buffer.WrittenSpan];
    }
}
