import { visible } from '../hidden-characters';
import { type PageState, runningTurn } from '../state';
import { cutEnd } from '../terminal';

/** One sentence for those who hear the page instead of seeing it; it changes only when something has happened. */
export function announcement(state: PageState): string {
  const { connection } = state;
  if (connection.kind === 'waiting' || (connection.kind === 'connecting' && connection.again)) {
    return 'Connection lost, reconnecting.';
  }
  if (connection.kind === 'connecting') return 'Loading the thread.';
  if (runningTurn(state) || state.submission) return 'Codex is working.';
  switch (state.turns.at(-1)?.status) {
    case 'completed':
      return 'Codex has finished.';
    case 'interrupted':
      return 'The turn was stopped.';
    case 'failed':
      return 'The turn failed.';
    default:
      return '';
  }
}

export function pageTitle(state: PageState): string {
  const prompt = cutEnd(state.turns[0]?.prompt.split('\n', 1)[0] ?? '', 60);
  const name = prompt ? `${visible(prompt)} · CodexOrleans` : 'CodexOrleans';
  return runningTurn(state) || state.submission ? `● ${name}` : name;
}
