using System.Net;
using System.Reflection;
using CodexOrleans.Grains;
using CodexOrleans.Grains.Placement;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Streams;
using Orleans.Serialization.Invocation;

namespace CodexOrleans.Versions.Tests.Wire;

/// <summary>At least one of everything that nodes send each other, with every member set.</summary>
internal static class WireSamples
{
    private static readonly Guid _thread = new("0193b0a0-0000-7000-8000-000000000001");
    private static readonly Guid _turn = new("0193b0a0-0000-7000-8000-000000000002");

    private static readonly SiloAddress _silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 1);

    /// <summary>What each method is called with, in the order of its parameters without the cancellation token, and what it answers.</summary>
    private static readonly Dictionary<(Type Interface, string Method), (object?[] Arguments, object? Result)> _calls = new()
    {
        [(typeof(IThreadGrain), nameof(IThreadGrain.StartTurn))] = ([Request, "front"], new StartTurnResult { Started = new StartedTurn(_turn, 17) }),
        [(typeof(IThreadGrain), nameof(IThreadGrain.Attach))] = (["front"], new AttachResult(true, 42, _turn, 60)),
        [(typeof(IThreadGrain), nameof(IThreadGrain.Detach))] = (["front"], null),
        [(typeof(IThreadGrain), nameof(IThreadGrain.Interrupt))] = ([_turn], _turn),
        [(typeof(IThreadGrain), nameof(IThreadGrain.Recover))] = ([], null),
        [(typeof(IThreadGrain), nameof(IThreadGrain.ForgetRehearsal))] = ([], null),
        [(typeof(ICodexInstallationGrain), nameof(ICodexInstallationGrain.Get))] = ([], new CodexInstallationFacts(true, "/opt/codex", "0.169.0", "chatgpt", "a problem")),
        [(typeof(ICodexInstallationGrain), nameof(ICodexInstallationGrain.Ping))] = ([], null),
        [(typeof(ITurnQueueGrain), nameof(ITurnQueueGrain.Exchange))] = ([Report], new QueueAnswer(7, true, true, [new SlotOrder(_turn, "ada", SlotOrderKind.Move, _silo)])),
        [(typeof(IQueueGrain), nameof(IQueueGrain.Enqueue))] = ([Container(number: null)], null),
        [(typeof(IQueueGrain), nameof(IQueueGrain.Dequeue))] = ([_turn, 64, TimeSpan.FromSeconds(2)], new[] { Container(number: null), Container(7) }),
    };

    /// <summary>By a name that stays the same.</summary>
    public static IReadOnlyDictionary<string, object> All
    {
        get
        {
            var all = new SortedDictionary<string, object>(StringComparer.Ordinal)
            {
                ["no started turn but a refusal"] = new StartTurnResult { Refusal = new TurnRefusal("server_busy", "All slots are taken.", 10) },
                ["a slot on another silo"] = new StartTurnResult { Elsewhere = Slot },
                ["a turn with a slot"] = Request with { Admission = new TurnAdmission { User = "ada", MayMove = true, Slot = Slot } },
                ["no turn to interrupt"] = Response.FromResult((Guid?)null),
                ["a log that cannot be used"] = Response.FromException(new StorageUnavailableException("PostgreSQL is away.")),
                ["a full queue"] = Response.FromException(new PushQueueFullException("The queue is full.")),
                ["the placement of threads"] = new ThreadPlacement(),
                ["options by themselves"] = new ThreadOptionsJson { Json = """{"model":"gpt-5.5"}"""u8.ToArray() },
                ["an event of the server"] = Batch with { Kind = EventKind.Server, EndsTurn = false },
            };
            foreach (var sandbox in Enum.GetValues<SandboxMode>())
                all[$"sandbox {(int)sandbox}"] = Request with { Options = new ThreadOptions { Sandbox = sandbox } };
            foreach (var search in Enum.GetValues<WebSearchMode>())
                all[$"web search {(int)search}"] = Request with { Options = new ThreadOptions { WebSearch = search } };
            foreach (var (type, method) in WireContract.Interfaces.SelectMany(type => type.GetMethods().Select(method => (type, method))))
            {
                var call = _calls.GetValueOrDefault((type, method.Name));
                if (call.Arguments is null)
                    continue;
                var name = $"{WireContract.Alias(type)}.{WireContract.Alias(method)}";
                all[$"{name} call"] = Call(method, call.Arguments);
                all[$"{name} answer"] = Answer(method, call.Result);
            }

            return all;
        }
    }

    /// <summary>Methods that nobody has thought of here.</summary>
    public static IEnumerable<string> Forgotten =>
        WireContract.Interfaces.SelectMany(type => type.GetMethods()).Where(method => !_calls.ContainsKey((method.DeclaringType!, method.Name))).Select(method => $"{method.DeclaringType!.Name}.{method.Name}");

    private static PromisedSlot Slot => new(_silo, _turn, TimeSpan.FromSeconds(3));

    private static SiloReport Report => new(_silo, 7, 6, true, 3, [new ReportedTurn(_turn, "ada", 1500, true)], new Dictionary<string, int> { ["ada"] = 2 }, [_thread], true);

    private static TurnRequest Request => new()
    {
        Prompt = "Grüße, 世界",
        Options = new ThreadOptions
        {
            Model = "gpt-5.5",
            Sandbox = SandboxMode.DangerFullAccess,
            WorkingDirectory = "/srv/work",
            SkipGitRepoCheck = true,
            ModelReasoningEffort = "high",
            NetworkAccessEnabled = true,
            WebSearch = WebSearchMode.Live,
            AdditionalDirectories = new List<string> { "/srv/more" },
        },
        OutputSchema = """{"type":"object"}""",
        Images = new List<string> { "/srv/a.png", "/srv/b.png" },
        NewThread = true,
        Rehearsal = true,
    };

    private static ThreadEventBatch Batch => new()
    {
        ThreadId = _thread,
        TurnId = _turn,
        FirstSeq = 3,
        LastSeq = 4,
        At = 1_764_000_000_000,
        Kind = EventKind.Codex,
        Lines = [.. "{\"type\":\"turn.started\"}\n{\"type\":\"turn.completed\"}\n"u8],
        EndsTurn = true,
    };

    private static PushBatchContainer Container(long? number)
    {
        var container = new PushBatchContainer(StreamId.Create("threads", "front"), [Batch], Batch.Lines.Length);
        if (number is { } sequence)
            container.Number(sequence);
        return container;
    }

    /// <summary>A call as it travels: the class that Orleans generates for the method.</summary>
    private static object Call(MethodInfo method, object?[] arguments)
    {
        var request = method.DeclaringType!.Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && type.IsAssignableTo(typeof(IInvokable)))
            .Select(type => (IInvokable)Activator.CreateInstance(type, nonPublic: true)!)
            .Single(request => request.GetInterfaceType() == method.DeclaringType && request.GetMethodName() == method.Name);
        for (var i = 0; i < arguments.Length; i++)
            request.SetArgument(i, arguments[i]!);
        return request;
    }

    /// <summary>An answer as it travels, of the type that the method promises.</summary>
    private static object Answer(MethodInfo method, object? result)
    {
        if (!method.ReturnType.IsGenericType)
            return Response.Completed;
        var from = typeof(Response).GetMethod(nameof(Response.FromResult))!.MakeGenericMethod(method.ReturnType.GetGenericArguments());
        return from.Invoke(null, [result])!;
    }
}
