import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { type Draft, draftFrom, optionsOf } from '../draft';
import type { TurnOptions, TurnRequest } from '../resources';
import type { Submission } from '../state';
import { icon } from './icons';
import { LightElement } from './light-element';
import { optionFields } from './option-fields';

export interface SendDetail {
  mode: Submission['mode'];
  request: TurnRequest;
}

const modifier = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

/** The prompt and how to run it. Fires `send` with a `SendDetail`, and `stop`. */
@customElement('codex-composer')
export class ComposerElement extends LightElement {
  @property({ attribute: false }) options: TurnOptions = {};
  @property({ attribute: false }) busy = false;
  /** Null while nothing runs; otherwise whether it can be stopped from here, and whether somebody already asked. */
  @property({ attribute: false }) running: 'stoppable' | 'stopping' | 'unstoppable' | null = null;
  /** Before the first prompt the options are open where there is room for them. */
  @property({ attribute: false }) isNew = true;
  @state() private prompt = '';
  @state() private draft: Draft = draftFrom({});
  @state() private touched = false;
  @query('details') private readonly details!: HTMLDetailsElement;
  @query('textarea') private readonly textarea!: HTMLTextAreaElement;

  /** Puts a prompt into the box: an example, or one that the server did not take. */
  fill(prompt: string): void {
    this.prompt = prompt;
    this.textarea.focus();
  }

  get isEmpty(): boolean {
    return this.prompt === '';
  }

  protected override firstUpdated(): void {
    this.details.open = this.isNew && matchMedia('(min-width: 45rem) and (min-height: 40rem)').matches;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('options') && !this.touched) this.draft = draftFrom(this.options);
  }

  protected override view() {
    const cannotSend = this.busy || this.prompt.trim() === '';
    return html`
      <form class="composer" aria-label="Message to Codex" data-sandbox=${this.draft.sandbox} @submit=${this.#submit}>
        ${optionFields(this.draft, this.#change)}
        <div class="prompt-box">
          <label class="visually-hidden" for="prompt">Prompt</label>
          <textarea
            id="prompt" rows="2" placeholder="Tell Codex what to do" aria-keyshortcuts="Control+Enter Meta+Enter"
            autofocus .value=${this.prompt} @input=${this.#typed} @keydown=${this.#key}
          ></textarea>
          <div class="buttons">
            <span class="hint shortcut"><kbd>${modifier}</kbd> <kbd>Enter</kbd> sends</span>
            ${this.running ? this.#stopButton() : nothing}
            <button type="button" class="secondary" ?disabled=${cannotSend} title="Waits for the whole answer"
              @click=${() => this.#send('run')}>Run</button>
            <button type="submit" class="primary" ?disabled=${cannotSend}>Stream Response</button>
          </div>
        </div>
      </form>
    `;
  }

  #stopButton(): TemplateResult {
    const canStop = this.running === 'stoppable';
    const title =
      this.running === 'unstoppable' ? 'A run in a new thread can be stopped once the server has told its thread' : '';
    const stop = () => this.dispatchEvent(new CustomEvent('stop', { bubbles: true }));
    return html`<button type="button" class="stop" ?disabled=${!canStop} title=${title} @click=${stop}>
      ${icon('stop')}${this.running === 'stopping' ? 'Stopping…' : 'Stop'}
    </button>`;
  }

  #change = (change: Partial<Draft>): void => {
    this.touched = true;
    this.draft = { ...this.draft, ...change };
  };

  #typed = (event: Event): void => {
    this.prompt = (event.target as HTMLTextAreaElement).value;
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    this.#send('stream');
  };

  #submit = (event: Event): void => {
    event.preventDefault();
    this.#send('stream');
  };

  #send(mode: SendDetail['mode']): void {
    const prompt = this.prompt.trim();
    if (this.busy || prompt === '') return;
    const detail: SendDetail = { mode, request: { prompt, ...optionsOf(this.draft, this.options) } };
    this.touched = false;
    this.prompt = '';
    this.details.open = false;
    // The button that had the focus is disabled now. Where there is no mouse, focus would open the keyboard.
    if (matchMedia('(hover: hover)').matches) this.textarea.focus();
    this.dispatchEvent(new CustomEvent<SendDetail>('send', { bubbles: true, detail }));
  }
}
