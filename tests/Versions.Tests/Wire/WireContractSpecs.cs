namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>Nodes of two versions run side by side during an upgrade, so what they say to each other may only grow.</summary>
public sealed class WireContractSpecs
{
    private const string Record = "dotnet run --project tests/Versions.Tests -- record contract";

    [Fact]
    public void The_contract_between_nodes_only_grows_and_each_addition_is_approved()
    {
        var approved = File.ReadAllLines(WireContract.ApprovedFile);
        var current = WireContract.Lines;

        var broken = approved.Except(current).ToList();
        Assert.True(broken.Count == 0, $"""
            Nodes of the version before still send and expect this, and the code does not any more:
              {string.Join("\n  ", broken)}
            Keep its [Alias], [Id] and type, and add the new method or member beside it, with an alias or number of its own.
            If only a C# name has changed, or no version that had this is upgraded from any more, approve that: {Record}
            """);
        var added = current.Except(approved).ToList();
        Assert.True(added.Count == 0, $"""
            This is new between nodes:
              {string.Join("\n  ", added)}
            Nodes of the version before do not send it: a new member needs a default that means what was before. They do not understand it
            either: a new method must not be called at them before all are upgraded. Then approve it: {Record}
            """);
    }

    [Fact]
    public void Everything_that_is_sent_has_an_alias_of_its_own()
    {
        var types = WireContract.Interfaces.Concat(WireContract.Messages).ToList();
        var methods = WireContract.Interfaces.SelectMany(type => type.GetMethods()).ToList();

        Assert.DoesNotContain(types, type => WireContract.Alias(type) is null);
        Assert.DoesNotContain(methods, method => WireContract.Alias(method) is null);
        Assert.Equal(types.Count, types.Select(WireContract.Alias).Distinct().Count());
        Assert.Equal(methods.Count, methods.Select(method => (method.DeclaringType, WireContract.Alias(method))).Distinct().Count());
    }

    [Fact]
    public void Everything_that_a_message_holds_is_sent() =>
        Assert.Empty(WireContract.Messages.SelectMany(WireContract.Unnumbered));
}
