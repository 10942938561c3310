import type { Turn } from './turns';

/** How many items of a conversation are drawn before somebody asks for earlier ones. */
export const itemStep = 300;

/**
 * The index of the first turn to draw so that about `budget` items are on the page. The last turn is always drawn; it limits
 * its own items.
 */
export function firstShownTurn(turns: readonly Turn[], budget: number): number {
  let first = turns.length;
  for (let items = 0; first > 0 && items < budget; first--) {
    // A prompt and its end take room too.
    items += (turns[first - 1]?.items.length ?? 0) + 2;
  }
  return first;
}

/** The index of the first item of a turn to draw. It moves in steps, so that items do not vanish one by one under a reader. */
export function firstShownItem(count: number, budget: number): number {
  return Math.max(0, Math.floor((count - budget) / itemStep) * itemStep);
}
