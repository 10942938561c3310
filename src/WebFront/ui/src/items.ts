import { isObject, type JsonObject, list, text } from './json';

/** `other` is whatever a later CLI calls it. */
export type ItemStatus = 'in_progress' | 'completed' | 'failed' | 'declined' | 'other';

/** What the agent did or said, as the page shows it: one member per item type of the CLI, fields always present. */
export type Item =
  | { type: 'agent_message'; id: string; text: string }
  | { type: 'reasoning'; id: string; text: string }
  | CommandExecution
  | FileChange
  | McpToolCall
  | { type: 'web_search'; id: string; query: string; queries: string[] }
  | { type: 'todo_list'; id: string; entries: { text: string; completed: boolean }[] }
  | { type: 'error'; id: string; message: string }
  /** What the CLI said on the way, retries above all. Not an item on the wire, but it has its place among them. */
  | { type: 'remark'; id: string; message: string }
  | { type: 'unknown'; id: string; name: string; json: string };

export interface CommandExecution {
  type: 'command_execution';
  id: string;
  command: string;
  output: string;
  exitCode: number | null;
  status: ItemStatus;
}

export interface FileChange {
  type: 'file_change';
  id: string;
  changes: { path: string; kind: string }[];
  status: ItemStatus;
}

export interface McpToolCall {
  type: 'mcp_tool_call';
  id: string;
  server: string;
  tool: string;
  arguments: string;
  result: string;
  error: string;
  status: ItemStatus;
}

const deepestIndented = 32;
const longestName = 100;

export function parseItem(item: JsonObject): Item {
  // A web_search has the key twice on the wire and JSON.parse keeps the last one, which is as unique as the first.
  const id = text(item.id);
  switch (item.type) {
    case 'agent_message':
    case 'reasoning':
      return { type: item.type, id, text: text(item.text) };
    case 'command_execution':
      return {
        type: item.type,
        id,
        command: text(item.command),
        output: text(item.aggregated_output),
        exitCode: typeof item.exit_code === 'number' ? item.exit_code : null,
        status: status(item.status),
      };
    case 'file_change':
      return {
        type: item.type,
        id,
        changes: list(item.changes)
          .filter(isObject)
          .map((change) => ({ path: text(change.path), kind: text(change.kind) })),
        status: status(item.status),
      };
    case 'mcp_tool_call':
      return {
        type: item.type,
        id,
        server: text(item.server),
        tool: text(item.tool),
        arguments: pretty(item.arguments),
        result: toolResult(item.result),
        error: isObject(item.error) ? text(item.error.message) || pretty(item.error) : text(item.error),
        status: status(item.status),
      };
    case 'web_search':
      return { type: item.type, id, query: text(item.query), queries: queries(item) };
    case 'todo_list':
      return {
        type: item.type,
        id,
        entries: list(item.items)
          .filter(isObject)
          .map((entry) => ({ text: text(entry.text), completed: entry.completed === true })),
      };
    case 'error':
      return { type: item.type, id, message: text(item.message) };
    default:
      return { type: 'unknown', id, name: text(item.type).slice(0, longestName) || 'item', json: pretty(item) };
  }
}

function status(value: unknown): ItemStatus {
  return value === 'in_progress' || value === 'completed' || value === 'failed' || value === 'declined'
    ? value
    : 'other';
}

function queries(item: JsonObject): string[] {
  const all = isObject(item.action) ? list(item.action.queries).map(text) : [];
  return [...new Set([text(item.query), ...all])].filter((query) => query !== '');
}

/** The text parts of an MCP result, and every part that is no text as JSON. */
function toolResult(result: unknown): string {
  if (!isObject(result)) return pretty(result);
  const parts = list(result.content).map((part) =>
    isObject(part) && part.type === 'text' ? text(part.text) : pretty(part),
  );
  return parts.length > 0 ? parts.join('\n') : pretty(result.structured_content);
}

function pretty(value: unknown): string {
  if (value === null || value === undefined) return '';
  const json = JSON.stringify(value);
  // Indentation multiplies the length of what is nested deeply.
  return depthOf(json) > deepestIndented ? json : JSON.stringify(value, null, 2);
}

/** At least how deep the JSON nests: brackets inside strings count too. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charAt(at);
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}
