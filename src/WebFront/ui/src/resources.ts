import { isObject, list, text } from './json';

/** The bodies of the HTTP API that the page reads and writes, in the API's own snake_case. */

export type Sandbox = 'read-only' | 'workspace-write' | 'danger-full-access';
export type WebSearch = 'disabled' | 'cached' | 'live';

/** How Codex runs a turn. What is left out stays as the thread had it. */
export interface TurnOptions {
  model?: string;
  sandbox?: Sandbox;
  working_directory?: string;
  skip_git_repo_check?: boolean;
  model_reasoning_effort?: string;
  network_access_enabled?: boolean;
  web_search?: WebSearch;
}

export interface TurnRequest extends TurnOptions {
  prompt: string;
  thread_id?: string;
}

/** Tokens. `input` includes the cached ones. */
export interface Usage {
  input: number;
  cachedInput: number;
  output: number;
  reasoningOutput: number;
}

export interface TurnResource {
  turnId: string;
  status: string;
  startedAt: string;
  endedAt: string;
  /** Of this turn alone; the CLI's own figure in `turn.completed` counts the whole thread. */
  usage: Usage | null;
}

export interface ThreadResource {
  threadId: string;
  status: string;
  runningTurnId: string | null;
  options: TurnOptions;
  usage: Usage | null;
  turns: TurnResource[];
}

export interface Health {
  status: string;
  version: string;
  demo: boolean;
  codex: { installed: boolean; version: string; login: string; message: string };
}

/** An error as the server tells it (RFC 9457), or as the page puts it when no server answered. */
export interface Problem {
  title: string;
  detail: string;
  code: string;
}

export function parseTurnOptions(value: unknown): TurnOptions {
  if (!isObject(value)) return {};
  const options: TurnOptions = {};
  if (text(value.model)) options.model = text(value.model);
  if (isSandbox(value.sandbox)) options.sandbox = value.sandbox;
  if (text(value.working_directory)) options.working_directory = text(value.working_directory);
  if (typeof value.skip_git_repo_check === 'boolean') options.skip_git_repo_check = value.skip_git_repo_check;
  if (text(value.model_reasoning_effort)) options.model_reasoning_effort = text(value.model_reasoning_effort);
  if (typeof value.network_access_enabled === 'boolean') options.network_access_enabled = value.network_access_enabled;
  if (isWebSearch(value.web_search)) options.web_search = value.web_search;
  return options;
}

export function parseThread(value: unknown): ThreadResource {
  const thread = isObject(value) ? value : {};
  return {
    threadId: text(thread.thread_id),
    status: text(thread.status),
    runningTurnId: text(thread.running_turn_id) || null,
    options: parseTurnOptions(thread.options),
    usage: parseUsage(thread.usage),
    turns: list(thread.turns)
      .filter(isObject)
      .map((turn) => ({
        turnId: text(turn.turn_id),
        status: text(turn.status),
        startedAt: text(turn.started_at),
        endedAt: text(turn.ended_at),
        usage: parseUsage(turn.usage),
      })),
  };
}

export function parseHealth(value: unknown): Health {
  const health = isObject(value) ? value : {};
  const codex = isObject(health.codex) ? health.codex : {};
  return {
    status: text(health.status),
    version: text(health.version),
    demo: health.demo === true,
    codex: {
      // Only a plain "no" counts: an answer without the figure must not tell the user to install something.
      installed: codex.installed !== false,
      version: text(codex.version),
      login: text(codex.login),
      message: text(codex.message),
    },
  };
}

/** A problem document, or what can be said about an answer that is none. */
export function parseProblem(value: unknown, status: number): Problem {
  const problem = isObject(value) ? value : {};
  return {
    title: text(problem.title) || `The server answered ${status}.`,
    detail: text(problem.detail),
    code: text(problem.code),
  };
}

function parseUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  return {
    input: count(value.input_tokens),
    cachedInput: count(value.cached_input_tokens),
    output: count(value.output_tokens),
    reasoningOutput: count(value.reasoning_output_tokens),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function isSandbox(value: unknown): value is Sandbox {
  return value === 'read-only' || value === 'workspace-write' || value === 'danger-full-access';
}

function isWebSearch(value: unknown): value is WebSearch {
  return value === 'disabled' || value === 'cached' || value === 'live';
}
