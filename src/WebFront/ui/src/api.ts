import { isObject, parseJson, text } from './json';
import {
  type Health,
  type Problem,
  parseHealth,
  parseProblem,
  parseThread,
  type ThreadResource,
  type TurnRequest,
} from './resources';

/** The server said no, or could not be reached (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.title);
    this.name = 'ApiError';
  }
}

export interface StartedTurn {
  threadId: string;
  turnId: string;
}

/**
 * Starts a turn. The events are not read from this response: the page follows the thread,
 * so first view, reload, reconnect and other tabs are all one path. Closing the response does not cancel the turn.
 */
export async function startTurn(request: TurnRequest): Promise<StartedTurn> {
  const response = await post('/api/codex/stream', request, 'text/event-stream');
  await response.body?.cancel();
  return {
    threadId: response.headers.get('Codex-Thread-Id') ?? '',
    turnId: response.headers.get('Codex-Turn-Id') ?? '',
  };
}

/** Runs a turn to its end; a turn that failed is an answer like another. */
export async function runTurn(request: TurnRequest): Promise<StartedTurn> {
  const response = await send('/api/codex/run', jsonRequest(request, 'application/json'));
  const body = await readJson(response);
  if (isObject(body) && Array.isArray(body.events)) {
    return { threadId: text(body.thread_id), turnId: text(body.turn_id) };
  }
  throw new ApiError(response.status, parseProblem(body, response.status));
}

export async function interruptTurn(threadId: string, turnId: string): Promise<void> {
  await post(`/api/codex/threads/${threadId}/interrupt`, { turn_id: turnId }, 'application/json');
}

export async function readThread(threadId: string): Promise<ThreadResource> {
  const response = await succeed(await send(`/api/codex/threads/${threadId}`, {}));
  return parseThread(await readJson(response));
}

/** Health is an answer also when it is bad, with status 503. */
export async function readHealth(): Promise<Health> {
  const response = await send('/health', {});
  const body = await readJson(response);
  if (isObject(body) && 'codex' in body) return parseHealth(body);
  throw new ApiError(response.status, parseProblem(body, response.status));
}

/** Exchanges the access token for the session cookie. */
export async function signIn(token: string): Promise<void> {
  await post('/api/codex/sign-in', { token }, 'application/json');
}

/** The live log of a thread; the caller looks at the status itself. */
export function openEvents(threadId: string, after: number, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (after > 0) headers['Last-Event-ID'] = String(after);
  return fetch(`/api/codex/threads/${threadId}/events`, { headers, signal, cache: 'no-store' });
}

async function post(path: string, body: object, accept: string): Promise<Response> {
  return succeed(await send(path, jsonRequest(body, accept)));
}

function jsonRequest(body: object, accept: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: accept },
    body: JSON.stringify(body),
  };
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: 'no-store' });
  } catch (error) {
    // fetch rejects with a TypeError when there was no answer at all.
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(0, {
      title: 'The server cannot be reached.',
      detail: 'Is it still running? The prompt may or may not have reached it.',
      code: 'unreachable',
    });
  }
}

async function succeed(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new ApiError(response.status, parseProblem(await readJson(response), response.status));
}

async function readJson(response: Response): Promise<unknown> {
  return parseJson(await response.text());
}
