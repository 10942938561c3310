import type { Frame } from '../src/sse';

const recordings = import.meta.glob<string>('./fixtures/*.jsonl', { query: '?raw', import: 'default', eager: true });

/** The lines that the real CLI printed for one turn. */
export function recording(name: string): string[] {
  const text = recordings[`./fixtures/${name}.jsonl`];
  if (text === undefined) throw new Error(`No recording '${name}' in tests/fixtures.`);
  return text.trimEnd().split('\n');
}

/** Lines as the frames of a log that starts with the prompt. */
export function turnFrames(lines: readonly string[], turnId = 'turn-1', firstSeq = 1): Frame[] {
  const submitted = { type: 'turn.submitted', turn_id: turnId, prompt: 'Do it', options: { sandbox: 'read-only' } };
  return [
    { seq: firstSeq, name: 'turn.submitted', data: JSON.stringify(submitted) },
    ...lines.map((data, index) => ({ seq: firstSeq + index + 1, name: null, data })),
  ];
}
