import type { CodexEvent } from './events';
import type { Item } from './items';
import type { TurnOptions, TurnResource } from './resources';

/** One prompt and all that came of it. */
export interface Turn {
  id: string;
  prompt: string;
  options: TurnOptions;
  status: 'running' | 'completed' | 'interrupted' | 'failed';
  /** In the order they first appeared. Item ids restart in each turn, so only turn and id together name an item. */
  items: readonly Item[];
  failure: { message: string; code: string | null } | null;
  /** What the server knows beyond the log: times, and this turn's own usage. */
  resource: TurnResource | null;
  /** Somebody here asked to stop it and it has not ended yet. */
  stopping: boolean;
}

/** The turns after one more event of the log. Turns that the event does not concern stay the same objects. */
export function applyEvent(turns: readonly Turn[], event: CodexEvent, seq: number): readonly Turn[] {
  switch (event.type) {
    case 'turn.submitted':
      return [...turns, newTurn(event.turnId, event.prompt, event.options)];
    case 'turn.completed':
      return changeLast(turns, seq, () => ({ status: 'completed', stopping: false }));
    case 'turn.failed': {
      const failure = { message: event.message, code: event.code };
      const status = event.code === 'interrupted' ? 'interrupted' : 'failed';
      return changeLast(turns, seq, () => ({ status, failure, stopping: false }));
    }
    case 'item.started':
    case 'item.updated':
    case 'item.completed':
      return changeLast(turns, seq, (turn) => ({ items: putItem(turn.items, event.item) }));
    case 'error':
      return changeLast(turns, seq, (turn) => ({
        items: putItem(turn.items, { type: 'remark', id: `seq-${seq}`, message: event.message }),
      }));
    case 'thread.started':
    case 'turn.started':
    case 'unknown':
      return turns;
  }
}

/** The last message of a completed turn is its answer. */
export function finalAnswer(turn: Turn): Item | null {
  return turn.status === 'completed' ? (turn.items.findLast((item) => item.type === 'agent_message') ?? null) : null;
}

function newTurn(id: string, prompt: string, options: TurnOptions): Turn {
  return {
    id,
    prompt,
    options,
    status: 'running',
    items: [],
    failure: null,
    resource: null,
    stopping: false,
  };
}

function changeLast(turns: readonly Turn[], seq: number, change: (turn: Turn) => Partial<Turn>): readonly Turn[] {
  const last = turns.at(-1);
  // The log always has a turn.submitted first. Should it ever not, the event is shown in a turn without a prompt.
  if (!last) return changeLast([newTurn(`seq-${seq}`, '', {})], seq, change);
  return turns.with(-1, { ...last, ...change(last) });
}

function putItem(items: readonly Item[], item: Item): readonly Item[] {
  const at = items.findIndex((known) => known.id === item.id);
  return at < 0 ? [...items, item] : items.with(at, item);
}
