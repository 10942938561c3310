namespace CodexOrleans.Codex.Engines;

/// <summary>A way to run turns on the Codex CLI.</summary>
public interface ICodexEngine
{
    /// <summary>Short name for traces and for the API, such as <c>exec</c>.</summary>
    string Name { get; }

    /// <summary>What turns of this engine can do beside being read and stopped.</summary>
    EngineCapabilities Capabilities { get; }

    /// <summary>Whether there is a CLI to start. Cheap; looked up again from time to time while there is none.</summary>
    bool IsInstalled { get; }

    /// <summary>
    /// Whether the CLI is known to have no login that its provider would need: turns would only fail. Cheap; false while it is not known.
    /// </summary>
    bool IsLoggedOut { get; }

    /// <summary>Whether turns can run here, as far as is known.</summary>
    bool IsReady => IsInstalled && !IsLoggedOut;

    /// <summary>Opens a thread's session with the CLI. Nothing is started by that alone, and nothing can fail.</summary>
    ICodexSession Open(SessionSpec session);
}
