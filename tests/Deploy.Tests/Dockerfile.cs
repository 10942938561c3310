using System.Text.RegularExpressions;

namespace CodexOrleans.Deploy.Tests;

/// <summary>The stages of <c>deploy/Dockerfile</c> and their instructions, continued lines joined.</summary>
internal sealed partial class Dockerfile
{
    private Dockerfile(IReadOnlyList<Stage> stages) => Stages = stages;

    public IReadOnlyList<Stage> Stages { get; }

    public Stage this[string name] => Stages.Single(stage => stage.Name == name);

    public static string File => Path.Combine(DeployFiles.Root, "Dockerfile");

    public static Dockerfile Read()
    {
        var stages = new List<Stage>();
        foreach (var line in Continuation().Replace(System.IO.File.ReadAllText(File), " ").Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var (word, rest) = (line.Split(' ', 2)[0], line.Split(' ', 2)[1].Trim());
            if (word == "FROM")
                stages.Add(new Stage(rest.Split(" AS ")[1], rest.Split(" AS ")[0], []));
            else
                stages[^1].Instructions.Add((word, rest));
        }

        return new Dockerfile(stages);
    }

    /// <summary>An instruction of a stage or of the stages it is built on.</summary>
    public IEnumerable<string> All(string stage, string word)
    {
        var own = this[stage].Instructions.Where(instruction => instruction.Word == word).Select(instruction => instruction.Text);
        return Stages.Any(other => other.Name == this[stage].Base) ? All(this[stage].Base, word).Concat(own) : own;
    }

    /// <summary>The environment of a container of this stage, as far as this file sets it.</summary>
    public Dictionary<string, string> Environment(string stage) => All(stage, "ENV")
        .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(setting => setting.Split('=', 2)).ToDictionary(setting => setting[0], setting => setting[1]);

    public sealed record Stage(string Name, string Base, List<(string Word, string Text)> Instructions);

    [GeneratedRegex(@"\s*\\\n\s*")]
    private static partial Regex Continuation();
}
