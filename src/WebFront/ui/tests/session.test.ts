import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../src/session';
import { isBusy, type PageState } from '../src/state';
import { recording, turnFrames } from './recording';
import { BodyWriter, synced } from './stream';

type Answer = (body: Record<string, unknown>) => Response | Promise<Response>;

/** Plays the server: what it answers by method and path, and what it was asked. */
const answers = new Map<string, Answer>();
const asked: string[] = [];
let session: Session;
let shown: PageState;
let events: BodyWriter;
let noticed: (state: PageState) => void = () => undefined;

const eventsPath = 'GET /api/codex/threads/thread-1/events';

beforeEach(() => {
  events = new BodyWriter();
  answers.clear();
  asked.length = 0;
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const call = `${init.method ?? 'GET'} ${path}`;
    asked.push(call);
    init.signal?.addEventListener('abort', () => events.break());
    const answer = answers.get(call);
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : {};
    return Promise.resolve(answer ? answer(body) : Response.json({}, { status: 404 }));
  });
  answers.set(eventsPath, () => new Response(events.body));
  answers.set('GET /api/codex/threads/thread-1', () => Response.json({ thread_id: 'thread-1', turns: [] }));
  session = new Session((state) => {
    shown = state;
    noticed(state);
  });
  session.open(null);
});

afterEach(() => {
  session.open(null);
  vi.unstubAllGlobals();
});

function streamAccepts(): void {
  const headers = { 'Codex-Thread-Id': 'thread-1', 'Codex-Turn-Id': 'turn-1' };
  answers.set('POST /api/codex/stream', () => new Response(new BodyWriter().body, { headers }));
}

function play(name: string): void {
  for (const { seq, name: event, data } of turnFrames(recording(name))) {
    events.write(`${event ? `event: ${event}\n` : ''}id: ${seq}\ndata: ${data}\n\n`);
  }
  events.write(synced);
}

/** Resolves with the first state, from now on, for which the condition holds. */
function until(condition: (state: PageState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    noticed = (state) => {
      if (condition(state)) resolve();
    };
    noticed(shown);
  });
}

describe('a first prompt', () => {
  it('is followed in the log of the thread that the server made for it', async () => {
    streamAccepts();
    expect(await session.submit('stream', { prompt: 'Do it' })).toBe(true);
    expect(shown.threadId).toBe('thread-1');
    expect(isBusy(shown)).toBe(true);
    play('all');
    await until((state) => state.turns[0]?.status === 'completed');
    expect(isBusy(shown)).toBe(false);
  });

  it('is shown the same way when it is run at once', async () => {
    answers.set('POST /api/codex/run', () => Response.json({ events: [], thread_id: 'thread-1', turn_id: 'turn-1' }));
    expect(await session.submit('run', { prompt: 'Do it' })).toBe(true);
    play('all');
    await until((state) => state.turns[0]?.status === 'completed');
    expect(shown.submission).toBeNull();
  });

  it('that fails while it is run at once is shown as a failed turn and not as a problem', async () => {
    const body = { events: [], thread_id: 'thread-1', turn_id: 'turn-1', code: 'turn_failed' };
    answers.set('POST /api/codex/run', () => Response.json(body, { status: 502 }));
    expect(await session.submit('run', { prompt: 'Do it' })).toBe(true);
    play('err401');
    await until((state) => state.turns[0]?.status === 'failed');
    expect(shown.problem).toBeNull();
  });

  it('that the server refuses is a problem, told in its words', async () => {
    const problem = { title: 'Too many turns run.', detail: 'Try later.', status: 503, code: 'server_busy' };
    answers.set('POST /api/codex/stream', () => Response.json(problem, { status: 503 }));
    expect(await session.submit('stream', { prompt: 'Do it' })).toBe(false);
    expect(shown.problem).toEqual({ title: 'Too many turns run.', detail: 'Try later.', code: 'server_busy' });
    expect(isBusy(shown)).toBe(false);
  });

  it('that cannot be sent is a problem too', async () => {
    answers.set('POST /api/codex/stream', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await session.submit('stream', { prompt: 'Do it' })).toBe(false);
    expect(shown.problem?.code).toBe('unreachable');
  });

  it('does not bring its thread onto a page that has moved on', async () => {
    let answer: (response: Response) => void = () => undefined;
    answers.set('POST /api/codex/run', () => new Promise((resolve) => (answer = resolve)));
    const submitted = session.submit('run', { prompt: 'Do it' });
    session.open(null);
    answer(Response.json({ events: [], thread_id: 'thread-1', turn_id: 'turn-1' }));
    await submitted;
    expect(shown.threadId).toBeNull();
    expect(asked).not.toContain(eventsPath);
  });
});

describe('a thread', () => {
  it('gets its further prompts by its id, and is not attached to twice', async () => {
    let sent: Record<string, unknown> = {};
    session.open('thread-1');
    play('reasoning');
    await until((state) => state.turns.length === 1);
    answers.set('POST /api/codex/stream', (body) => {
      sent = body;
      return new Response('', { headers: { 'Codex-Thread-Id': 'thread-1', 'Codex-Turn-Id': 'turn-2' } });
    });
    await session.submit('stream', { prompt: 'More' });
    expect(sent).toEqual({ prompt: 'More', thread_id: 'thread-1' });
    expect(asked.filter((call) => call === eventsPath)).toHaveLength(1);
  });

  it('is stopped by the id of its running turn', async () => {
    let sent: Record<string, unknown> = {};
    answers.set('POST /api/codex/threads/thread-1/interrupt', (body) => {
      sent = body;
      return Response.json({}, { status: 202 });
    });
    session.open('thread-1');
    const [submitted] = turnFrames([]);
    events.write(`event: turn.submitted\nid: 1\ndata: ${submitted?.data}\n\n${synced}`);
    await until((state) => state.turns.length === 1);
    await session.stop();
    expect(sent).toEqual({ turn_id: 'turn-1' });
    expect(shown.turns[0]).toMatchObject({ stopping: true, status: 'running' });
  });

  it('asks for the token when the server no longer knows the user, and comes back afterwards', async () => {
    answers.set(eventsPath, () => Response.json({}, { status: 401 }));
    session.open('thread-1');
    await until((state) => state.signedOut);
    answers.set('POST /api/codex/sign-in', ({ token }) =>
      token === 'right'
        ? new Response(null, { status: 204 })
        : Response.json({ title: 'Wrong token' }, { status: 401 }),
    );
    await session.signIn('wrong');
    expect(shown).toMatchObject({ signedOut: true, problem: { title: 'Wrong token' } });
    events = new BodyWriter();
    answers.set(eventsPath, () => new Response(events.body));
    answers.set('GET /health', () => Response.json({ status: 'ok', codex: { installed: true } }));
    await session.signIn('right');
    play('all');
    await until((state) => state.turns.length === 1);
    expect(shown.signedOut).toBe(false);
  });
});
