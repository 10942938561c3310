import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, Feed, silenceLimitMs } from '../src/feed';
import { BodyWriter, frameText, synced } from './stream';

/** A server that the test plays: each connection of the feed is one entry. */
class Server {
  readonly connections: { after: number; signal: AbortSignal; writer: BodyWriter }[] = [];
  readonly seqs: number[] = [];
  readonly states: Connection[] = [];
  restarts = 0;
  answer: () => Promise<Response> | null = () => null;
  readonly feed: Feed;

  constructor() {
    const open = (after: number, signal: AbortSignal) => {
      const writer = new BodyWriter();
      this.connections.push({ after, signal, writer });
      signal.addEventListener('abort', () => writer.break());
      return this.answer() ?? Promise.resolve(new Response(writer.body));
    };
    const listener = {
      received: (frames: readonly { seq: number | null }[]) => this.seqs.push(...frames.map(({ seq }) => seq ?? -1)),
      changed: (connection: Connection) => this.states.push(connection),
      restarted: () => this.restarts++,
    };
    this.feed = new Feed(open, listener, () => 1);
  }

  get last() {
    const last = this.connections.at(-1);
    if (!last) throw new Error('The feed has not connected.');
    return last;
  }

  get state(): string | undefined {
    return this.states.at(-1)?.kind;
  }

  async send(text: string): Promise<void> {
    this.last.writer.write(text);
    await settle();
  }
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

let server: Server;
let ended: Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  ended = server.feed.run();
  await settle();
});

afterEach(async () => {
  server.feed.stop();
  await ended;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('the feed', () => {
  it('reads from the start and is live once the server says that it has caught up', async () => {
    expect(server.last.after).toBe(0);
    await server.send(frameText(1) + frameText(2));
    expect(server.state).toBe('connecting');
    await server.send(synced);
    expect(server.state).toBe('live');
    await server.send(frameText(3));
    expect(server.seqs).toEqual([1, 2, 3]);
  });

  it('goes on after the last event it has seen when the connection breaks', async () => {
    await server.send(frameText(1) + frameText(2) + synced);
    server.last.writer.break();
    await settle();
    expect(server.states.at(-1)).toEqual({ kind: 'waiting', retryInMs: 500 });
    await vi.advanceTimersByTimeAsync(500);
    expect(server.last.after).toBe(2);
    await server.send(frameText(3) + synced);
    expect(server.seqs).toEqual([1, 2, 3]);
    expect(server.states.map(({ kind }) => kind)).toEqual(['connecting', 'live', 'waiting', 'connecting', 'live']);
  });

  it('goes on when the server ends the stream', async () => {
    await server.send(frameText(1) + synced);
    server.last.writer.end();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.connections).toHaveLength(2);
    expect(server.last.after).toBe(1);
  });

  it('drops what it has seen already', async () => {
    await server.send(frameText(1) + frameText(2) + frameText(2) + frameText(1) + frameText(3));
    expect(server.seqs).toEqual([1, 2, 3]);
  });

  it('compares seqs as numbers', async () => {
    await server.send(frameText(9) + frameText(10) + frameText(100));
    expect(server.seqs).toEqual([9, 10, 100]);
  });

  it('takes a silence beyond three heartbeats for a dead connection', async () => {
    await server.send(frameText(1) + synced);
    await vi.advanceTimersByTimeAsync(silenceLimitMs - 1);
    await server.send(': ping\n\n');
    await vi.advanceTimersByTimeAsync(silenceLimitMs - 1);
    expect(server.last.signal.aborted).toBe(false);
    const { signal } = server.last;
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.aborted).toBe(true);
    expect(server.state).toBe('waiting');
  });

  it('waits longer each time in vain, up to 15 seconds, and briefly again after a success', async () => {
    server.answer = () => Promise.reject(new TypeError('Failed to fetch'));
    server.last.writer.break();
    await settle();
    for (let n = 0; n < 7; n++) await vi.advanceTimersByTimeAsync(15_000);
    const pauses = () => server.states.flatMap((state) => (state.kind === 'waiting' ? [state.retryInMs] : []));
    expect(pauses().slice(0, 7)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    server.answer = () => null;
    await vi.advanceTimersByTimeAsync(15_000);
    await server.send(synced);
    server.last.writer.break();
    await settle();
    expect(pauses().at(-1)).toBe(500);
  });

  it('tries at once when it is woken', async () => {
    server.last.writer.break();
    await settle();
    server.feed.retryNow();
    await settle();
    expect(server.connections).toHaveLength(2);
  });

  it('tries again after an error of the server', async () => {
    server.answer = () => Promise.resolve(new Response(null, { status: 503 }));
    server.last.writer.break();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.state).toBe('waiting');
  });

  it.each([
    [401, 'signed_out'],
    [404, 'not_found'],
    [400, 'refused'],
  ])('does not ask again after HTTP %i', async (status, kind) => {
    server.answer = () => Promise.resolve(new Response(null, { status }));
    server.last.writer.break();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.state).toBe(kind);
    expect(server.connections).toHaveLength(2);
  });

  it('starts over when the server cannot continue from its cursor', async () => {
    await server.send(frameText(1) + frameText(2));
    await server.send('event: cursor_expired\ndata: {}\n\n');
    expect(server.restarts).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(server.last.after).toBe(0);
    await server.send(frameText(1));
    expect(server.seqs).toEqual([1, 2, 1]);
  });

  it('gives up when even the start has expired', async () => {
    await server.send('event: cursor_expired\ndata: {}\n\n');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.state).toBe('not_found');
    expect(server.connections).toHaveLength(1);
  });

  it('says nothing any more once it is stopped', async () => {
    server.last.writer.write(frameText(1) + synced);
    server.feed.stop();
    expect(server.last.signal.aborted).toBe(true);
    await settle();
    expect(server.seqs).toEqual([]);
    expect(server.state).toBe('connecting');
  });
});
