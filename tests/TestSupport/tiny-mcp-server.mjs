// A Model Context Protocol server with one tool, `echo`; its answer is an error when the text is "fail".
import { createInterface } from 'node:readline';

const tool = {
  name: 'echo',
  description: 'Says the text back.',
  // Without it the CLI asks before each call, and nobody is there to answer.
  annotations: { readOnlyHint: true },
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'tiny', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [tool] }),
  'tools/call': ({ arguments: { text } }) => ({
    content: [{ type: 'text', text: `echo:${text}` }],
    isError: text === 'fail',
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue; // a notification wants no answer
  const answer = answers[method];
  const reply = answer ? { result: answer(params) } : { error: { code: -32601, message: `no method ${method}` } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...reply }) + '\n');
}
