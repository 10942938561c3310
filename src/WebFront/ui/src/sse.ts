import { createParser } from 'eventsource-parser';

/** One server-sent event. Events of the log have a `seq`; the server's markers (`synced`, `cursor_expired`) have none. */
export interface Frame {
  seq: number | null;
  /** Null for the default event name, which the CLI's own vocabulary has. */
  name: string | null;
  data: string;
}

/**
 * The frames of an SSE body, in one batch per chunk that arrived. A chunk of heartbeat comments is an empty batch: the
 * reader learns that the connection lives.
 */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame[]> {
  let batch: Frame[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => batch.push({ seq: toSeq(id), name: event ?? null, data }),
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      parser.feed(decoder.decode(chunk.value, { stream: true }));
      yield batch;
      batch = [];
    }
  } finally {
    // Ends the request when the caller stops reading early; on a body that is already broken there is nothing to end.
    await reader.cancel().catch(() => undefined);
  }
}

function toSeq(id: string | undefined): number | null {
  return id !== undefined && /^\d+$/.test(id) ? Number(id) : null;
}
