const encoder = new TextEncoder();

/** A response body that the test writes piece by piece, as a server would. */
export class BodyWriter {
  readonly body: ReadableStream<Uint8Array>;
  isCancelled = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor() {
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.isCancelled = true;
      },
    });
  }

  write(text: string | Uint8Array): void {
    this.#controller.enqueue(typeof text === 'string' ? encoder.encode(text) : text);
  }

  end(): void {
    this.#controller.close();
  }

  break(): void {
    this.#controller.error(new TypeError('network error'));
  }
}

export function frameText(seq: number, data = `{"type":"turn.started","n":${seq}}`): string {
  return `id: ${seq}\ndata: ${data}\n\n`;
}

export const synced = 'event: synced\ndata: {}\n\n';
