import { describe, expect, it } from 'vitest';
import { type Frame, readFrames } from '../src/sse';
import { BodyWriter, frameText, synced } from './stream';

async function framesOf(...chunks: (string | Uint8Array)[]): Promise<Frame[][]> {
  const writer = new BodyWriter();
  for (const chunk of chunks) writer.write(chunk);
  writer.end();
  const batches: Frame[][] = [];
  for await (const batch of readFrames(writer.body)) batches.push(batch);
  return batches;
}

describe('the frame reader', () => {
  it('gives the seq, the name and the line', async () => {
    const own = 'event: turn.submitted\nid: 1\ndata: {"type":"turn.submitted"}\n\n';
    expect(await framesOf(own + frameText(2, '{}') + synced)).toEqual([
      [
        { seq: 1, name: 'turn.submitted', data: '{"type":"turn.submitted"}' },
        { seq: 2, name: null, data: '{}' },
        { seq: null, name: 'synced', data: '{}' },
      ],
    ]);
  });

  it('does not give a marker the seq of the frame before it', async () => {
    const [batch] = await framesOf(frameText(41) + synced);
    expect(batch?.map(({ seq }) => seq)).toEqual([41, null]);
  });

  it('joins frames that the network cut anywhere, also inside a character', async () => {
    const bytes = new TextEncoder().encode(frameText(7, '{"text":"Grüße 🚀"}'));
    for (let cut = 1; cut < bytes.length; cut++) {
      const batches = await framesOf(bytes.slice(0, cut), bytes.slice(cut));
      expect(batches.flat()).toEqual([{ seq: 7, name: null, data: '{"text":"Grüße 🚀"}' }]);
    }
  });

  it('gives an empty batch for a heartbeat', async () => {
    expect(await framesOf(': ping\n\n', frameText(1))).toEqual([[], [expect.objectContaining({ seq: 1 })]]);
  });

  it('leaves line separators of Unicode inside a line', async () => {
    const data = '{"text":"a\u2028b\u0085c"}';
    expect((await framesOf(frameText(1, data))).flat()[0]?.data).toBe(data);
  });

  it('passes a line of a megabyte that comes in small pieces', async () => {
    const data = JSON.stringify({ text: 'x'.repeat(1_000_000) });
    const text = frameText(1, data);
    const chunks = Array.from({ length: Math.ceil(text.length / 16_384) }, (_, n) =>
      text.slice(n * 16_384, (n + 1) * 16_384),
    );
    expect((await framesOf(...chunks)).flat()[0]?.data).toBe(data);
  });

  it('ends the request when its reader stops early', async () => {
    const writer = new BodyWriter();
    writer.write(frameText(1));
    for await (const batch of readFrames(writer.body)) {
      expect(batch).toHaveLength(1);
      break;
    }
    expect(writer.isCancelled).toBe(true);
  });
});
