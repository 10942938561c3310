// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { pieces, visible } from '../src/hidden-characters';
import type { Item } from '../src/items';
import { renderMarkdown } from '../src/markdown';
import { initialState, reduce } from '../src/state';
import '../src/views/item';
import '../src/views/raw-log';
import type { ItemElement } from '../src/views/item';
import type { RawLogElement } from '../src/views/raw-log';
import { pageTitle } from '../src/views/spoken';
import { turnFrames } from './recording';

const disguises = [
  ['right-to-left override', '\u202e', '\\u202e'],
  ['left-to-right embedding', '\u202a', '\\u202a'],
  ['isolate', '\u2066', '\\u2066'],
  ['end of an isolate', '\u2069', '\\u2069'],
  ['left-to-right mark', '\u200e', '\\u200e'],
  ['right-to-left mark', '\u200f', '\\u200f'],
  ['Arabic letter mark', '\u061c', '\\u061c'],
  ['zero-width space', '\u200b', '\\u200b'],
  ['zero-width joiner between letters', '\u200d', '\\u200d'],
  ['word joiner', '\u2060', '\\u2060'],
  ['byte order mark', '\ufeff', '\\ufeff'],
  ['soft hyphen', '\u00ad', '\\u00ad'],
  ['Hangul filler', '\u3164', '\\u3164'],
  ['variation selector', '\ufe0f', '\\ufe0f'],
  ['tag', '\u{e0041}', '\\u{e0041}'],
  ['line separator', '\u2028', '\\u2028'],
  ['escape', '\u001b', '\\u001b'],
  ['control sequence introducer', '\u009b', '\\u009b'],
  ['delete', '\u007f', '\\u007f'],
] as const;

const emoji = '👩‍💻 ❤️ 1️⃣ 👍🏽 🏴󠁧󠁢󠁳󠁣󠁴󠁿';

describe('hidden characters in code', () => {
  it.each(disguises)('are spelled out: %s', (_, character, escape) => {
    expect(visible(`a${character}b`)).toBe(`a${escape}b`);
    expect(pieces(`a${character}b`, 'code')).toEqual([
      { text: 'a', isEscape: false },
      { text: escape, isEscape: true },
      { text: 'b', isEscape: false },
    ]);
  });

  it('are no reason to touch what can be seen', () => {
    const text = `line\n\tGrüße, 你好, שלום, مرحبا ${emoji} a\u00a0b`;
    expect(visible(text)).toBe(text);
  });

  it('become few elements and are spelled out to the end, however many there are', () => {
    const found = pieces('a\u202e'.repeat(10_000), 'code');
    expect(found.length).toBeLessThan(2_000);
    expect(found.map(({ text }) => text).join('')).toBe('a\\u202e'.repeat(10_000));
  });
});

describe('hidden characters in prose', () => {
  it.each(['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069', '\u{e0041}', '\u009b'])(
    'are spelled out where they reach across or hide text: %j',
    (character) => {
      expect(visible(`a${character}b`, 'prose')).toContain('\\u');
    },
  );

  it('stay where a script or a sign needs them', () => {
    const text = `می\u200cخواهم \u200fשלום\u200e क्\u200dष ${emoji}`;
    expect(visible(text, 'prose')).toBe(text);
  });
});

describe('an answer', () => {
  function rendered(source: string): HTMLElement {
    const element = document.createElement('div');
    element.innerHTML = renderMarkdown(source) ?? '';
    return element;
  }

  it('marks what is spelled out, in text, in code and in what is written about a link', () => {
    const element = rendered('a\u202eb `c\u200bd` [e\u202d](https://example.com "f\u2067")\n\n```\ng\u2066\n```');
    expect(Array.from(element.querySelectorAll('mark'), (mark) => mark.textContent)).toEqual([
      '\\u202e',
      '\\u200b',
      '\\u202d',
      '\\u2066',
    ]);
    expect(element.querySelector('a')?.title).toBe('f\\u2067');
  });

  it('gives each block the direction of its own text', () => {
    const element = rendered('# שלום\n\nמה שלומך?\n\n- أهلا\n\n> hello\n\n| א |\n|---|\n| b |');
    const blocks = element.querySelectorAll('h1, p, ul, li, blockquote, th, td');
    expect(blocks.length).toBeGreaterThan(7);
    for (const block of blocks) expect(block.getAttribute('dir')).toBe('auto');
  });
});

describe('an item', () => {
  const bad = 'x\u202ey';
  const items: Item[] = [
    { type: 'command_execution', id: '1', command: bad, output: '', exitCode: 0, status: 'completed' },
    { type: 'command_execution', id: '1', command: 'x', output: `\u001b[31m${bad}\u001b[0m`, exitCode: 0, status: 'completed' },
    { type: 'file_change', id: '1', changes: [{ path: bad, kind: 'add' }], status: 'completed' },
    { type: 'mcp_tool_call', id: '1', server: 's', tool: bad, arguments: '', result: '', error: '', status: 'completed' },
    { type: 'mcp_tool_call', id: '1', server: 's', tool: 't', arguments: bad, result: '', error: '', status: 'completed' },
    { type: 'mcp_tool_call', id: '1', server: 's', tool: 't', arguments: '', result: bad, error: '', status: 'completed' },
    { type: 'mcp_tool_call', id: '1', server: 's', tool: 't', arguments: '', result: '', error: bad, status: 'failed' },
    { type: 'web_search', id: '1', query: bad, queries: [bad] },
    { type: 'todo_list', id: '1', entries: [{ text: bad, completed: false }] },
    { type: 'error', id: '1', message: bad },
    { type: 'remark', id: '1', message: bad },
    { type: 'unknown', id: '1', name: bad, json: '' },
    { type: 'unknown', id: '1', name: 'x', json: bad },
    { type: 'agent_message', id: '1', text: bad },
    { type: 'reasoning', id: '1', text: bad },
  ];

  it.each(items.map((item) => [JSON.stringify(item), item] as const))('spells out an override in %s', async (_, item) => {
    const element = document.createElement('codex-item') as ItemElement;
    element.item = item;
    document.body.replaceChildren(element);
    await element.updateComplete;
    const output = element.querySelector<ItemElement>('codex-output');
    await output?.updateComplete;
    expect(element.querySelector('mark')?.textContent).toBe('\\u202e');
    expect(element.textContent).not.toContain('\u202e');
  });
});

describe('the list of raw events and the title of the page', () => {
  const line = JSON.stringify({ type: 'later\u202e', text: 'x\u202ey' });
  const frames = turnFrames([line]).map((frame) => ({ ...frame, data: frame.data.replace('Do it', 'Do\u202eit') }));
  const state = reduce(initialState, { type: 'received', frames });

  it('spell out an override', async () => {
    vi.stubGlobal('ResizeObserver', class { observe() {} disconnect() {} });
    const element = document.createElement('codex-raw-log') as RawLogElement;
    element.log = state.log;
    document.body.replaceChildren(element);
    await element.updateComplete;
    vi.unstubAllGlobals();
    expect(element.textContent).not.toContain('\u202e');
    expect(element.querySelectorAll('mark').length).toBe(4);
    expect(pageTitle(state)).toContain('Do\\u202eit');
  });
});
