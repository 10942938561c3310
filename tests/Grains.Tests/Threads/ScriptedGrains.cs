using System.Reflection;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>Threads of which only <see cref="IThreadGrain.Recover"/> can be called, and the test plays that.</summary>
public class ScriptedGrains : DispatchProxy
{
    private Func<Guid, Task> _recover = null!;
    private Guid _thread;

    public static IGrainFactory Create(Func<Guid, Task> recover) => Create<IGrainFactory>(recover, default);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => (targetMethod!.Name, args) switch
    {
        (nameof(IGrainFactory.GetGrain), [Guid thread, ..]) => Create<IThreadGrain>(_recover, thread),
        (nameof(IThreadGrain.Recover), _) => new ValueTask(_recover(_thread)),
        _ => throw new NotSupportedException(targetMethod.Name),
    };

    private static T Create<T>(Func<Guid, Task> recover, Guid thread)
        where T : class
    {
        var proxy = Create<T, ScriptedGrains>();
        ((ScriptedGrains)(object)proxy)._recover = recover;
        ((ScriptedGrains)(object)proxy)._thread = thread;
        return proxy;
    }
}
