import { type Frame, readFrames } from './sse';

/** How the page is connected to a thread. It says nothing about the thread's turn, which runs on without any viewer. */
export type Connection =
  | { kind: 'connecting'; again: boolean }
  | { kind: 'live' }
  | { kind: 'waiting'; retryInMs: number }
  | { kind: 'signed_out' }
  | { kind: 'not_found' }
  | { kind: 'refused'; status: number };

export interface FeedListener {
  /** Events of the log that were not given before, in order. */
  received(frames: Frame[]): void;
  changed(connection: Connection): void;
  /** The server cannot continue where this feed was; all that was received is void and comes again from the start. */
  restarted(): void;
}

/** Opens the event stream of a thread after the given seq. */
export type OpenEvents = (after: number, signal: AbortSignal) => Promise<Response>;

/** The server sends a comment every 10 seconds, so after this silence the connection is dead though nobody said so. */
export const silenceLimitMs = 30_000;
const firstDelayMs = 500;
const longestDelayMs = 15_000;

type Outcome = 'ended' | 'stopped' | 'expired' | Connection;

/**
 * Follows the log of one thread for as long as the page shows it: resumes after the last seq it has seen, with growing,
 * jittered pauses, until it is stopped or the server refuses it for good.
 */
export class Feed {
  #cursor = 0;
  #attempt = 0;
  readonly #stopped = new AbortController();
  #endPause: () => void = () => undefined;

  constructor(
    private readonly open: OpenEvents,
    private readonly listener: FeedListener,
    private readonly random: () => number = Math.random,
  ) {}

  /** Resolves when the feed has come to its end; never rejects. */
  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#tell({ kind: 'connecting', again: this.#attempt > 0 });
      const outcome = await this.#follow();
      if (outcome === 'stopped') return;
      if (typeof outcome === 'object') return this.#tell(outcome);
      if (outcome === 'expired' && !this.#restart()) return this.#tell({ kind: 'not_found' });
      await this.#pause();
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#endPause();
  }

  /** Ends a pause at once: the network is back, or somebody looks at the page again. */
  retryNow(): void {
    this.#endPause();
  }

  async #follow(): Promise<Outcome> {
    const request = new AbortController();
    const abort = () => request.abort();
    this.#stopped.signal.addEventListener('abort', abort);
    let silence = setTimeout(abort, silenceLimitMs);
    try {
      const response = await this.open(this.#cursor, request.signal).catch(unreachable);
      if (this.#stopped.signal.aborted) return 'stopped';
      const refusal = response && refused(response.status);
      if (refusal) return refusal;
      if (!response?.ok || !response.body) return 'ended';
      const batches = readFrames(response.body);
      for (;;) {
        const next = await batches.next().catch(unreachable);
        clearTimeout(silence);
        if (this.#stopped.signal.aborted) return 'stopped';
        if (!next || next.done) return 'ended';
        silence = setTimeout(abort, silenceLimitMs);
        if (this.#accept(next.value)) return 'expired';
      }
    } finally {
      clearTimeout(silence);
      this.#stopped.signal.removeEventListener('abort', abort);
      request.abort();
    }
  }

  /** True when the server told that the cursor cannot be continued. */
  #accept(batch: Frame[]): boolean {
    const fresh: Frame[] = [];
    let synced = false;
    let expired = false;
    for (const frame of batch) {
      if (frame.seq === null) {
        synced ||= frame.name === 'synced';
        expired ||= frame.name === 'cursor_expired';
      } else if (frame.seq > this.#cursor) {
        this.#cursor = frame.seq;
        fresh.push(frame);
      }
    }
    if (fresh.length > 0) this.listener.received(fresh);
    if (synced) {
      this.#attempt = 0;
      this.#tell({ kind: 'live' });
    }
    return expired;
  }

  /** False when there is nothing to go back to: the start of the log itself has expired. */
  #restart(): boolean {
    if (this.#cursor === 0) return false;
    this.#cursor = 0;
    this.listener.restarted();
    return true;
  }

  async #pause(): Promise<void> {
    const longest = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#attempt++);
    // Half fixed, half random: many pages that lost one server do not come back in step.
    const retryInMs = Math.round(longest * (0.5 + this.random() / 2));
    this.#tell({ kind: 'waiting', retryInMs });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retryInMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#stopped.signal.aborted) this.#endPause();
    });
  }

  #tell(connection: Connection): void {
    if (!this.#stopped.signal.aborted) this.listener.changed(connection);
  }
}

/** Answers that asking again would not change. */
function refused(status: number): Connection | null {
  if (status === 401) return { kind: 'signed_out' };
  if (status === 404) return { kind: 'not_found' };
  const mayPass = status === 408 || status === 425 || status === 429;
  return status >= 400 && status < 500 && !mayPass ? { kind: 'refused', status } : null;
}

/** Whatever broke a connection (no network, a dead server, our own abort after silence), the answer is to connect again. */
function unreachable(): null {
  return null;
}
