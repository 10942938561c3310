using System.Net;
using Microsoft.AspNetCore.Connections;

namespace CodexOrleans.Silo.Embedded;

/// <summary>
/// Makes listeners that open no socket and never accept. Orleans takes its transport from DI and needs one to bind; with this one only
/// HTTP listens, and no other local process can reach a grain.
/// </summary>
internal sealed class NullConnectionListenerFactory : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new Listener(endpoint));

    private sealed class Listener(EndPoint endPoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint { get; } = endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _closed.Task.WaitAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _closed.TrySetResult(null);
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
