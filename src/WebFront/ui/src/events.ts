import { type Item, parseItem } from './items';
import { isObject, parseJson, text } from './json';
import { parseTurnOptions, type TurnOptions } from './resources';

/**
 * What the page reacts to in a line of the log: the vocabulary of `codex exec --json` plus the server's own
 * `turn.submitted`. A type that the page does not know is still shown in the list of raw events.
 */
export type CodexEvent =
  | { type: 'turn.submitted'; turnId: string; prompt: string; options: TurnOptions }
  | { type: 'thread.started' | 'turn.started' | 'turn.completed' }
  | { type: 'turn.failed'; message: string; code: string | null }
  | { type: 'item.started' | 'item.updated' | 'item.completed'; item: Item }
  | { type: 'error'; message: string }
  | { type: 'unknown'; name: string };

const longestName = 100;

/** What is no event is `unknown`. Throws for what is more than the browser can hold, such as JSON nested a million times. */
export function parseEvent(line: string): CodexEvent {
  const value = parseJson(line);
  if (!isObject(value)) return { type: 'unknown', name: '' };
  switch (value.type) {
    case 'turn.submitted':
      return {
        type: value.type,
        turnId: text(value.turn_id),
        prompt: text(value.prompt),
        options: parseTurnOptions(value.options),
      };
    case 'thread.started':
    case 'turn.started':
    case 'turn.completed':
      return { type: value.type };
    case 'turn.failed': {
      const error = isObject(value.error) ? value.error : {};
      return { type: value.type, message: text(error.message), code: text(error.code) || null };
    }
    case 'item.started':
    case 'item.updated':
    case 'item.completed':
      return isObject(value.item)
        ? { type: value.type, item: parseItem(value.item) }
        : { type: 'unknown', name: value.type };
    case 'error':
      return { type: value.type, message: text(value.message) };
    default:
      return { type: 'unknown', name: text(value.type).slice(0, longestName) };
  }
}
