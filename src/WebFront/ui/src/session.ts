import { ApiError, interruptTurn, openEvents, readHealth, readThread, runTurn, signIn, startTurn } from './api';
import { Feed } from './feed';
import type { TurnRequest } from './resources';
import { type Action, initialState, type PageState, reduce, runningTurn, type Submission } from './state';

/** Holds the state, talks to the server and follows the thread. The views call it and draw what it says. */
export class Session {
  #state: PageState = initialState;
  #feed: Feed | null = null;
  /** Changes with each thread that is opened, so that late answers for an earlier one are known as such. */
  #view = 0;

  constructor(private readonly changed: (state: PageState) => void) {}

  get state(): PageState {
    return this.#state;
  }

  /** Shows a thread from its first event on; null is the empty page. */
  open(threadId: string | null): void {
    this.#feed?.stop();
    this.#feed = null;
    this.#view++;
    this.#dispatch({ type: 'opened', threadId });
    if (threadId !== null) this.#follow(threadId);
  }

  /** Sends a prompt; true when the server took it. */
  async submit(mode: Submission['mode'], request: TurnRequest): Promise<boolean> {
    const view = this.#view;
    const shown = this.#state.threadId;
    this.#dispatch({ type: 'submitted', mode, prompt: request.prompt });
    try {
      const body = shown === null ? request : { ...request, thread_id: shown };
      const { threadId, turnId } = await (mode === 'run' ? runTurn(body) : startTurn(body));
      // The user may have gone elsewhere meanwhile; the turn runs on without being shown.
      if (this.#view !== view) return true;
      this.#dispatch({ type: 'accepted', threadId, turnId });
      if (shown === null) this.#follow(threadId);
      return true;
    } catch (error) {
      if (this.#view !== view) return true;
      this.#fail('refused', error);
      return false;
    }
  }

  async stop(): Promise<void> {
    const { threadId } = this.#state;
    const turn = runningTurn(this.#state);
    if (threadId === null || turn === null) return;
    this.#dispatch({ type: 'stopping', turnId: turn.id });
    await interruptTurn(threadId, turn.id).catch((error: unknown) => this.#fail('failed', error));
  }

  async signIn(token: string): Promise<void> {
    try {
      await signIn(token);
    } catch (error) {
      return this.#fail('failed', error);
    }
    this.#dispatch({ type: 'signed_in' });
    await this.refreshHealth();
    if (this.#state.threadId !== null) this.open(this.#state.threadId);
  }

  async refreshHealth(): Promise<void> {
    try {
      this.#dispatch({ type: 'health_read', health: await readHealth() });
    } catch (error) {
      this.#fail('failed', error);
    }
  }

  dismissProblem(): void {
    this.#dispatch({ type: 'problem_dismissed' });
  }

  /** The network is back, or somebody looks at the page again. */
  wake(): void {
    this.#feed?.retryNow();
  }

  #follow(threadId: string): void {
    const feed = new Feed((after, signal) => openEvents(threadId, after, signal), {
      received: (frames) => {
        const wasRunning = runningTurn(this.#state) !== null;
        this.#dispatch({ type: 'received', frames });
        const hasEnded = wasRunning && runningTurn(this.#state) === null;
        if (hasEnded && this.#state.connection.kind === 'live') void this.#refreshThread(threadId);
      },
      changed: (connection) => {
        this.#dispatch({ type: 'connection', connection });
        if (connection.kind === 'signed_out') this.#dispatch({ type: 'signed_out' });
        if (connection.kind === 'live') void this.#refreshThread(threadId);
      },
      restarted: () => this.#dispatch({ type: 'restarted' }),
    });
    this.#feed = feed;
    void feed.run();
  }

  /** Usage and times are not in the log. Without them the page is still whole, so a failure is not worth a message. */
  async #refreshThread(threadId: string): Promise<void> {
    try {
      this.#dispatch({ type: 'thread_read', thread: await readThread(threadId) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #fail(type: 'refused' | 'failed', error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401 && !this.#state.signedOut) this.#dispatch({ type: 'signed_out' });
    else this.#dispatch({ type, problem: error.problem });
  }

  #dispatch(action: Action): void {
    this.#state = reduce(this.#state, action);
    this.changed(this.#state);
  }
}
