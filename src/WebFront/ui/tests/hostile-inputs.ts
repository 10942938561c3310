/** Messages that make parsers of markdown overflow, hang or leave something out, by what they consist of. */
export const hostileMessages: readonly (readonly [name: string, source: string])[] = [
  ['nested quotes', '>'.repeat(4_000)],
  ['nested lists in one line', '- '.repeat(4_000)],
  ['nested numbered lists', '1. '.repeat(4_000)],
  ['quotes in lists', '> - '.repeat(4_000)],
  ['lists that nest from line to line', Array.from({ length: 300 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
  ['quotes that nest from line to line', Array.from({ length: 300 }, (_, depth) => `${'>'.repeat(depth)} a`).join('\n')],
  ['a rule that is none', `${'* '.repeat(4_000)}a`],
  ['nested emphasis', `${'*a '.repeat(4_000)}${'a* '.repeat(4_000)}`],
  ['runs of emphasis', `${'*'.repeat(10_000)}a${'*'.repeat(10_000)}`],
  ['emphasis that never opens', 'a_'.repeat(10_000)],
  ['emphasis of all kinds', '*a _b ~~c **d '.repeat(1_600)],
  ['brackets that open', '['.repeat(10_000)],
  ['brackets that nest', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['links that nest', `${'['.repeat(4_000)}a${'](b)'.repeat(4_000)}`],
  ['links that never end', '[a](<b '.repeat(3_000)],
  ['references', `${'[a]: b\n'.repeat(1_000)}${'[a][a]'.repeat(2_000)}`],
  ['images', '!['.repeat(10_000)],
  ['backticks', '`'.repeat(20_000)],
  ['growing runs of backticks', Array.from({ length: 400 }, (_, length) => `a${'`'.repeat(length)}`).join('')],
  ['fences', '```\n~~~\n'.repeat(500)],
  ['tags that never end', '<a '.repeat(6_000)],
  ['comments that never end', '<!--'.repeat(5_000)],
  ['an address with a long tail', `https://example.com/${'!'.repeat(20_000)}`],
  ['addresses', 'https://a.b('.repeat(1_600)],
  ['mail addresses', 'a-_.+'.repeat(4_000)],
  ['a table of a few bytes and millions of cells', `${'|a'.repeat(500)}|\n${'|-'.repeat(500)}|\n${'|\n'.repeat(2_000)}`],
  ['a wide table', `${'|a'.repeat(5_000)}|\n${'|-'.repeat(5_000)}|\n|b|\n`],
  ['a list with lazy lines', `- a\n${'b\n'.repeat(8_000)}`],
  ['many list items', '- a\n'.repeat(1_000)],
  ['many headings', '# a\n'.repeat(1_000)],
  ['many quotes', '> a\n\n'.repeat(1_000)],
  ['spaces', `a${' '.repeat(20_000)}b`],
  ['a long word', 'a'.repeat(200_000)],
  ['more than is parsed', 'a b\n\n'.repeat(100_000)],
  ['overrides of the direction', '\u202ea'.repeat(10_000)],
  ['half characters', '\ud800'.repeat(10_000)],
];

/** What commands print, for the same purpose. */
export const hostileOutputs: readonly (readonly [name: string, output: string])[] = [
  ['unfinished sequences', '\u001b['.repeat(50_000)],
  ['sequences with impossible figures', '\u001b[38;5;999m\u001b[38;2;;m\u001b[;;;mx\u001b[99999999999m'.repeat(2_000)],
  ['titles that never end', '\u001b]0;'.repeat(50_000)],
  ['colours for each letter', '\u001b[31mx\u001b[32my'.repeat(20_000)],
  ['carriage returns', '\r'.repeat(100_000)],
  ['lines that are overwritten', 'a\r'.repeat(100_000)],
  ['backspaces', '\b'.repeat(100_000)],
  ['one line of a megabyte', 'x'.repeat(1_000_000)],
  ['a hundred thousand lines', 'x\n'.repeat(100_000)],
  ['control characters', Array.from({ length: 160 }, (_, code) => String.fromCharCode(code)).join('')],
  ['invisible characters', '\u200b\u202e\u2066\u00ad\u{e0041}\u3164'.repeat(10_000)],
];

function nested(depth: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Items whose fields are not what the CLI's are; each has the given id. */
export const hostileItems: readonly (readonly [name: string, item: Record<string, unknown>])[] = [
  ['no type', {}],
  ['a type that is no text', { type: { a: 1 } }],
  ['a type of a megabyte', { type: 'x'.repeat(1_000_000) }],
  ['an unknown type', { type: '__proto__', constructor: 'x', toString: 7 }],
  ['a message that is no text', { type: 'agent_message', text: { a: [1] } }],
  ['reasoning that is null', { type: 'reasoning', text: null }],
  ['a command of wrong types', { type: 'command_execution', command: 7, aggregated_output: [], exit_code: 'x', status: {} }],
  ['a command of a megabyte', { type: 'command_execution', command: 'x'.repeat(1_000_000), status: 'completed' }],
  ['changes that are no list', { type: 'file_change', changes: 'x', status: 7 }],
  ['changes of wrong types', { type: 'file_change', changes: [null, 7, [], { path: 7, kind: {} }, { path: 'a\u202etxt.exe' }] }],
  ['a hundred thousand changes', { type: 'file_change', changes: Array.from({ length: 100_000 }, () => ({ path: 'a', kind: 'add' })) }],
  ['arguments that nest deeply', { type: 'mcp_tool_call', server: 's', tool: 't', arguments: nested(1_000), result: nested(1_000) }],
  [
    'a result of wrong types',
    { type: 'mcp_tool_call', server: [], tool: null, result: { content: [null, 7, { type: 'text', text: {} }] }, error: [7] },
  ],
  ['a search of wrong types', { type: 'web_search', query: 7, action: { queries: [null, {}, 'x'] } }],
  ['a to-do list that is none', { type: 'todo_list', items: { length: 3 } }],
  ['to-dos of wrong types', { type: 'todo_list', items: [null, 'x', { text: 7, completed: 'yes' }, [[]]] }],
  ['a hundred thousand to-dos', { type: 'todo_list', items: Array.from({ length: 100_000 }, () => ({ text: 'a', completed: true })) }],
  ['an error that is no text', { type: 'error', message: ['x'] }],
  ['an error of a megabyte', { type: 'error', message: 'x'.repeat(1_000_000) }],
];

/** Deeper than a browser's call stack can follow. */
export function bottomlessEvent(): string {
  const depth = 200_000;
  const args = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  return `{"type":"item.completed","item":{"id":"item_7","type":"mcp_tool_call","server":"s","tool":"t","arguments":${args}}}`;
}
