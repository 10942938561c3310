import { type CodexEvent, parseEvent } from './events';
import type { Connection } from './feed';
import type { Health, Problem, ThreadResource, TurnOptions } from './resources';
import type { Frame } from './sse';
import { applyEvent, type Turn } from './turns';

/** Everything the page shows, and nothing of how it shows it. */
export interface PageState {
  /** The thread in the address bar; null for a thread that does not exist yet. */
  threadId: string | null;
  /** What the thread's turns were last told about how to run. */
  options: TurnOptions;
  turns: readonly Turn[];
  /** Every line of the log, as it came. */
  log: readonly LogLine[];
  connection: Connection | { kind: 'none' };
  /** How often the connection was lost and found again since the thread was opened. */
  reconnects: number;
  /** The prompt on its way to the server. */
  submission: Submission | null;
  problem: Problem | null;
  health: Health | null;
  signedOut: boolean;
}

export interface LogLine {
  seq: number;
  /** The event's type, and the item's type behind it. */
  label: string;
  line: string;
}

export interface Submission {
  mode: 'stream' | 'run';
  prompt: string;
  /** Known once the server took it; the submission is over when the log shows that turn. */
  turnId: string | null;
}

export type Action =
  | { type: 'opened'; threadId: string | null }
  | { type: 'received'; frames: readonly Frame[] }
  | { type: 'restarted' }
  | { type: 'connection'; connection: Connection }
  | { type: 'submitted'; mode: Submission['mode']; prompt: string }
  | { type: 'accepted'; threadId: string; turnId: string }
  | { type: 'refused'; problem: Problem }
  | { type: 'stopping'; turnId: string }
  | { type: 'thread_read'; thread: ThreadResource }
  | { type: 'health_read'; health: Health }
  | { type: 'failed'; problem: Problem }
  | { type: 'problem_dismissed' }
  | { type: 'signed_out' }
  | { type: 'signed_in' };

export const initialState: PageState = {
  threadId: null,
  options: {},
  turns: [],
  log: [],
  connection: { kind: 'none' },
  reconnects: 0,
  submission: null,
  problem: null,
  health: null,
  signedOut: false,
};

export function runningTurn(state: PageState): Turn | null {
  const last = state.turns.at(-1);
  return last?.status === 'running' ? last : null;
}

/** True while a new prompt has to wait. */
export function isBusy(state: PageState): boolean {
  return state.submission !== null || runningTurn(state) !== null;
}

export function reduce(state: PageState, action: Action): PageState {
  switch (action.type) {
    case 'opened':
      return { ...initialState, health: state.health, threadId: action.threadId };
    case 'received':
      return settle(receive(state, action.frames));
    case 'restarted':
      return { ...state, turns: [], log: [] };
    case 'connection':
      return connect(state, action.connection);
    case 'submitted':
      return { ...state, submission: { mode: action.mode, prompt: action.prompt, turnId: null }, problem: null };
    case 'accepted':
      return settle(accept(state, action.threadId, action.turnId));
    case 'refused':
      return { ...state, submission: null, problem: action.problem };
    case 'stopping':
      return { ...state, turns: setStopping(state.turns, action.turnId) };
    case 'thread_read':
      return readThread(state, action.thread);
    case 'health_read':
      return { ...state, health: action.health };
    case 'failed':
      return {
        ...state,
        problem: action.problem,
        turns: setStopping(state.turns, null),
      };
    case 'problem_dismissed':
      return { ...state, problem: null };
    case 'signed_out':
      return { ...state, signedOut: true, submission: null };
    case 'signed_in':
      return { ...state, signedOut: false, problem: null };
  }
}

function accept(state: PageState, threadId: string, turnId: string): PageState {
  return { ...state, threadId, submission: state.submission && { ...state.submission, turnId } };
}

/** The log may show a turn before the answer to its request arrives, or after. */
function settle(state: PageState): PageState {
  const { submission } = state;
  const isShown = submission !== null && state.turns.some((turn) => turn.id === submission.turnId);
  return isShown ? { ...state, submission: null } : state;
}

function connect(state: PageState, connection: Connection): PageState {
  const wasLost = state.connection.kind === 'connecting' && state.connection.again;
  const isBack = connection.kind === 'live' && wasLost;
  const hasEnded = connection.kind === 'not_found' || connection.kind === 'refused';
  return {
    ...state,
    connection,
    reconnects: state.reconnects + (isBack ? 1 : 0),
    submission: hasEnded ? null : state.submission,
  };
}

function receive(state: PageState, frames: readonly Frame[]): PageState {
  const log = [...state.log];
  let { turns, options } = state;
  for (const { seq, data } of frames) {
    if (seq === null) continue;
    const event = applied(data, seq, (event) => {
      turns = applyEvent(turns, event, seq);
    });
    log.push({ seq, label: labelOf(event), line: data });
    if (event.type === 'turn.submitted') options = { ...options, ...event.options };
  }
  return { ...state, log, turns, options };
}

/** Reads a line and applies it. One that cannot be read or applied is shown as it came, and those after it go on. */
function applied(line: string, seq: number, apply: (event: CodexEvent) => void): CodexEvent {
  try {
    const event = parseEvent(line);
    apply(event);
    return event;
  } catch (error) {
    console.error(`Event ${seq} cannot be read:`, error);
    const item = { type: 'unknown', id: `seq-${seq}`, name: 'Event that cannot be read', json: line } as const;
    apply({ type: 'item.completed', item });
    return { type: 'unknown', name: 'unreadable' };
  }
}

function readThread(state: PageState, thread: ThreadResource): PageState {
  if (thread.threadId !== state.threadId) return state;
  const resources = new Map(thread.turns.map((turn) => [turn.turnId, turn]));
  const turns = state.turns.map((turn) => ({ ...turn, resource: resources.get(turn.id) ?? turn.resource }));
  return { ...state, turns, options: { ...state.options, ...thread.options } };
}

function setStopping(turns: readonly Turn[], turnId: string | null): readonly Turn[] {
  return turns.map((turn) =>
    turn.stopping === (turn.id === turnId) ? turn : { ...turn, stopping: turn.id === turnId },
  );
}

function labelOf(event: CodexEvent): string {
  if (event.type === 'unknown') return event.name;
  if (!('item' in event)) return event.type;
  return `${event.type} ${event.item.type === 'unknown' ? event.item.name : event.item.type}`;
}
