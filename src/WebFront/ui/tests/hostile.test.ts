// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import type { Item } from '../src/items';
import { parseItem } from '../src/items';
import { renderMarkdown } from '../src/markdown';
import { initialState, type PageState, reduce } from '../src/state';
import type { ItemElement } from '../src/views/item';
import '../src/views/item';
import { bottomlessEvent, hostileItems, hostileMessages, hostileOutputs } from './hostile-inputs';
import { recording, turnFrames } from './recording';

/** The page's element for an item, drawn with all that is in it. */
async function drawn(item: Item): Promise<ItemElement> {
  const element = document.createElement('codex-item') as ItemElement;
  element.item = item;
  document.body.replaceChildren(element);
  await element.updateComplete;
  const output = element.querySelector<HTMLElement & { updateComplete: Promise<boolean> }>('codex-output');
  await output?.updateComplete;
  return element;
}

describe('a hostile message', () => {
  it.each(hostileMessages)('is shown to its end: %s', async (_, text) => {
    const element = await drawn({ type: 'agent_message', id: 'item_0', text: `${text}\n\nlast words` });
    const message = element.querySelector('.item[data-type=agent_message]');
    // What was nested too deeply is not left out without a word, and what came after it is there.
    expect(message?.querySelector('.prose')?.textContent).toContain('last words');
    expect(message?.querySelectorAll('*').length).toBeLessThan(25_000);
  });

  it.each(['>', '- ', '1. '])('is shown as it is when %j nests thousands of times', async (mark) => {
    const text = `${mark.repeat(2_000)} core`;
    expect(renderMarkdown(text)).toBeNull();
    const element = await drawn({ type: 'agent_message', id: 'item_0', text });
    expect(element.querySelector('pre')?.textContent).toBe(text);
  });
});

describe('hostile output', () => {
  it.each(hostileOutputs)('is shown in a box of bounded size: %s', async (_, output) => {
    const parsed = parseItem({ id: 'item_0', type: 'command_execution', command: 'x', aggregated_output: output });
    const element = await drawn(parsed);
    expect(element.querySelector('.item[data-type=command_execution]')).not.toBeNull();
    expect(element.querySelectorAll('*').length).toBeLessThan(15_000);
    expect(element.textContent.length).toBeLessThan(150_000);
  });
});

describe('a hostile item', () => {
  it.each(hostileItems)('is shown in a box of bounded size: %s', async (_, item) => {
    const element = await drawn(parseItem({ id: 'item_0', ...item }));
    expect(element.querySelector('.item')).not.toBeNull();
    expect(element.querySelectorAll('*').length).toBeLessThan(15_000);
    expect(element.textContent.length).toBeLessThan(150_000);
  });

  it('that cannot be drawn is shown as text, and drawn again when it has become another', async () => {
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = { type: 'todo_list', id: 'item_0', entries: 'no list' } as unknown as Item;
    const element = await drawn(broken);
    expect(element.textContent).toContain('Shown as text');
    expect(element.textContent).toContain('"entries": "no list"');
    expect(complaint).toHaveBeenCalledOnce();
    complaint.mockRestore();

    element.item = { type: 'todo_list', id: 'item_0', entries: [{ text: 'a list', completed: false }] };
    await element.updateComplete;
    expect(element.querySelector('.todos')?.textContent).toContain('a list');
    expect(element.textContent).not.toContain('Shown as text');
  });

  it('that breaks in the middle of drawing is shown as text', async () => {
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    // A symbol cannot be put into the page: that fails only after the template was made.
    const broken = { type: 'error', id: 'item_0', message: 'x' } as Item;
    const element = await drawn(broken);
    const boundary = element as unknown as { view(): unknown };
    boundary.view = () => [Symbol('x')];
    element.isRunning = true;
    await element.updateComplete;
    complaint.mockRestore();
    expect(element.textContent).toContain('Shown as text');
  });
});

describe('an event that cannot be read', () => {
  function stateAfter(lines: string[]): PageState {
    return reduce(initialState, { type: 'received', frames: turnFrames(lines) });
  }

  it('is shown as it came, and those after it go on', () => {
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const bottomless = bottomlessEvent();
    const lines = recording('all');
    const state = stateAfter([...lines.slice(0, 2), bottomless, ...lines.slice(2)]);
    complaint.mockRestore();

    const items = state.turns[0]?.items ?? [];
    expect(items[0]).toMatchObject({ type: 'unknown', json: bottomless });
    expect(items.slice(1)).toEqual(stateAfter(lines).turns[0]?.items);
    expect(state.turns[0]?.status).toBe('completed');
    expect(state.log).toHaveLength(lines.length + 2);
  });
});
