import type { ReactiveController, ReactiveControllerHost } from 'lit';

const nearPx = 48;

/** Keeps a scroll box at its end while it grows, until the reader scrolls up; scrolling back to the end resumes it. */
export class FollowEnd implements ReactiveController {
  isAtEnd = true;
  #lastTop = 0;
  #box: HTMLElement | null = null;
  readonly #growth = new ResizeObserver(() => this.#keep());

  constructor(
    private readonly host: ReactiveControllerHost,
    /** The scroll box; what grows is its first child. */
    private readonly find: () => HTMLElement | null,
  ) {
    host.addController(this);
  }

  hostUpdated(): void {
    const box = this.find();
    if (box === this.#box) return;
    this.#release();
    this.#box = box;
    this.#lastTop = 0;
    if (!box) return;
    this.#anchor();
    box.addEventListener('scroll', this.#scrolled, { passive: true });
    this.#growth.observe(box);
    if (box.firstElementChild) this.#growth.observe(box.firstElementChild);
  }

  hostDisconnected(): void {
    this.#release();
    this.#box = null;
  }

  toEnd(): void {
    this.#set(true);
    this.#keep();
  }

  #scrolled = (): void => {
    const box = this.#box;
    if (!box) return;
    const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < nearPx;
    // Growth alone also leaves the end behind, before the box is moved there: only a move up is the reader's.
    const movedUp = box.scrollTop < this.#lastTop;
    this.#lastTop = box.scrollTop;
    if (isNear || movedUp) this.#set(isNear);
  };

  #keep(): void {
    if (this.isAtEnd && this.#box) this.#box.scrollTop = this.#box.scrollHeight;
  }

  #set(isAtEnd: boolean): void {
    if (this.isAtEnd === isAtEnd) return;
    this.isAtEnd = isAtEnd;
    this.#anchor();
    this.host.requestUpdate();
  }

  /** The browser keeps what is read in place when something above it changes; at the end that would look like a move up. */
  #anchor(): void {
    if (this.#box) this.#box.style.overflowAnchor = this.isAtEnd ? 'none' : 'auto';
  }

  #release(): void {
    this.#growth.disconnect();
    this.#box?.removeEventListener('scroll', this.#scrolled);
  }
}
