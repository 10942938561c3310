import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { lastLines, longestOutput, readOutput, type Span } from '../terminal';
import { copyButton } from './copy';
import { LightElement } from './light-element';

const shownLines = 12;

/** What a command or tool printed: its end, and all of it on request. */
@customElement('codex-output')
export class OutputElement extends LightElement {
  @property({ attribute: false }) output = '';
  @state() private expanded = false;

  override render() {
    if (this.output.trim() === '') return nothing;
    const { text, hiddenLines } = lastLines(this.output, shownLines);
    const shown = (this.expanded ? this.output : text).slice(-longestOutput);
    const isCut = this.expanded && this.output.length > longestOutput;
    return html`
      <div class="output">
        ${isCut ? html`<p class="hint">The last 256 KiB; "Copy" has all of it.</p>` : nothing}
        <pre tabindex="0" aria-label="Output"><code>${readOutput(shown).map(span)}</code></pre>
        ${copyButton(() => this.output, 'Copy output')} ${hiddenLines > 0 ? this.#toggle(hiddenLines) : nothing}
      </div>
    `;
  }

  #toggle(hiddenLines: number): TemplateResult {
    const label = this.expanded ? 'Show less' : `Show ${hiddenLines} earlier ${hiddenLines === 1 ? 'line' : 'lines'}`;
    const toggle = () => {
      this.expanded = !this.expanded;
    };
    return html`<button type="button" class="link" aria-expanded=${this.expanded} @click=${toggle}>${label}</button>`;
  }
}

function span({ text, colour, bold, dim }: Span) {
  const names = [colour && `ansi-${colour}`, bold && 'ansi-bold', dim && 'ansi-dim'].filter(Boolean).join(' ');
  return names ? html`<span class=${names}>${text}</span>` : text;
}
