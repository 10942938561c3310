using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>
/// Thousands of requests that are wrong in one way or another, made from the server's own description of itself. Each run has another
/// seed; the environment variable <c>CODEX_ORLEANS_FUZZ_SEED</c> repeats the one that a failure names, and
/// <c>CODEX_ORLEANS_FUZZ_REQUESTS</c> sets how many are sent.
/// </summary>
public sealed class FuzzSpecs(ITestOutputHelper output)
{
    private const int Senders = 4;
    private const int MostFaults = 5;

    private const long MemoryOfManyTurns = 150 * 1024 * 1024;

    private static readonly int _requests = Setting("CODEX_ORLEANS_FUZZ_REQUESTS", 10_000);

    /// <summary>Answers without which the requests were not what they are meant to be.</summary>
    private static readonly string[] _mustHappen =
    [
        "200", "204", "400 invalid_json", "400 invalid_request", "400 invalid_cursor", "401 unauthorized",
        "404 thread_not_found", "405 method_not_allowed", "409 no_turn_running", "413 body_too_large", "415 unsupported_media_type",
    ];

    private readonly ConcurrentDictionary<string, int> _answers = new();

    [Fact(Timeout = 180_000)]
    public async Task Whatever_is_asked_gets_an_answer_that_the_documentation_knows()
    {
        var cancel = TestContext.Current.CancellationToken;
        var seed = Setting("CODEX_ORLEANS_FUZZ_SEED", Random.Shared.Next());
        output.WriteLine($"CODEX_ORLEANS_FUZZ_SEED={seed}");
        await using var stage = await Stage.Open();
        stage.Settings["Codex:ExecutablePath"] = FakeCli.Path;
        // Not the prompts: nobody knows what they say.
        stage.Settings["Codex:Environment:FAKE_CODEX_SCRIPT"] = "started; message ok; completed";
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), cancel);
        var document = await ApiDocument.Read(api.Http, cancel);
        var thread = (await api.Turn(new { prompt = "first" })).ThreadId;
        var token = $"Authorization: Bearer {server.Token}";
        var session = await SignIn(api.Http, server.Token, cancel);
        string[] callers = ["", "Authorization: Bearer wrong", "Authorization: Basic eDp5", token, token, session];
        var before = Memory(server);

        var faults = await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender =>
        {
            var random = new Random(unchecked(seed + sender));
            var generator = new RequestGenerator(random, document, server.Address.Authority, callers, [thread.ToString()]);
            return Task.Run(() => Send(server, generator, stage.DataDirectory, cancel), cancel);
        }));

        output.WriteLine(string.Join(", ", _answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Key}: {answer.Value}")));
        var all = faults.SelectMany(found => found).ToArray();
        Assert.True(all.Length == 0, $"CODEX_ORLEANS_FUZZ_SEED={seed}\n{string.Join("\n\n", all)}");
        Assert.All(_mustHappen, answer => Assert.Contains(answer, _answers.Keys));
        Assert.False(server.HasExited);
        Assert.DoesNotContain(" fail: ", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" crit: ", server.Output, StringComparison.Ordinal);
        Assert.Equal("turn.completed", (await api.Turn(new { prompt = "last" })).End.Type);
        Assert.InRange(Memory(server) - before, long.MinValue, MemoryOfManyTurns);
    }

    /// <summary>What is wrong with the first answers that are.</summary>
    private async Task<IReadOnlyList<string>> Send(
        ServerProcess server, RequestGenerator generator, string secretPath, CancellationToken cancel)
    {
        using var connection = new RawConnection(server.Address);
        var faults = new List<string>();
        for (var number = 0; number < _requests / Senders && faults.Count < MostFaults; number++)
        {
            var request = generator.Next();
            RawAnswer? answer;
            try
            {
                answer = await connection.Send(request, cancel);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                faults.Add($"No answer to request {number}:\n{request}");
                return faults;
            }

            if (Fault(request, answer, secretPath) is { } fault)
                faults.Add($"{fault} Request {number}:\n{request}\nAnswer: {answer?.Status} {answer?.Type}\n{answer?.Body}");
        }

        return faults;
    }

    private string? Fault(FuzzRequest request, RawAnswer? answer, string secretPath)
    {
        if (answer is null)
            return request.Answerable == Answerable.NotEven ? null : "The server hung up.";
        if (answer.Status < 400)
            return Count($"{answer.Status}");
        if (answer.Status >= 500 && answer.Status != 503)
            return request.Answerable == Answerable.Fully || answer.Status != 505 ? "It is the server's fault." : null;
        if (answer.Type is null && answer.Body.Length == 0 && request.Answerable != Answerable.Fully)
            return null;
        if (answer.Type != "application/problem+json")
            return "It is no problem.";
        if (request.Method == "HEAD")
            return null;
        if (((string[])["Exception", "   at ", secretPath]).Any(inside => answer.Body.Contains(inside, StringComparison.Ordinal)))
            return "It tells of the inside.";
        var problem = JsonDocument.Parse(answer.Body).RootElement;
        var code = problem.GetProperty("code").GetString();
        return problem.GetProperty("status").GetInt32() == answer.Status && ErrorTable.Has(answer.Status, code)
            ? Count($"{answer.Status} {code}")
            : "The documentation knows no such status and code.";
    }

    private string? Count(string answer)
    {
        _answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
        return null;
    }

    private static async Task<string> SignIn(HttpClient http, string token, CancellationToken cancel)
    {
        using var response = await http.PostAsJsonAsync("/api/codex/sign-in", new { token }, cancel);
        return $"Cookie: {response.Headers.GetValues("Set-Cookie").Single().Split(';')[0]}";
    }

    private static long Memory(ServerProcess server) => ResidentMemory.Of(server.Id);

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;
}
