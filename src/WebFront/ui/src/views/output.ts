import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { fileSize } from '../format';
import { cutStart, lastLines, longestOutput, readOutput, type Span } from '../terminal';
import { copyButton } from './copy';
import { codeText } from './foreign-text';
import { LightElement } from './light-element';

const shownLines = 12;
const shownCharacters = 16 * 1024;

/** What a command or tool printed: its end, and all of it on request. */
@customElement('codex-output')
export class OutputElement extends LightElement {
  @property({ attribute: false }) output = '';
  @state() private expanded = false;

  protected override view() {
    if (this.output.trim() === '') return nothing;
    const end = lastLines(this.output, shownLines);
    const shown = this.expanded ? cutStart(this.output, longestOutput) : cutStart(end.text, shownCharacters);
    const isCut = this.expanded && this.output.length > longestOutput;
    const isLong = end.hiddenLines > 0 || end.text.length > shownCharacters;
    return html`
      <div class="output">
        ${isCut ? html`<p class="hint">The last 256 KiB; "Copy" has all of it.</p>` : nothing}
        <pre tabindex="0" role="group" aria-label="Output"><code>${readOutput(shown).map(span)}</code></pre>
        ${copyButton(() => this.output, 'Copy output')} ${isLong ? this.#toggle(end.hiddenLines) : nothing}
      </div>
    `;
  }

  protected override substitute() {
    return html`<pre tabindex="0" role="group" aria-label="Output"><code>${cutStart(this.output, shownCharacters)}</code></pre>`;
  }

  #toggle(hiddenLines: number): TemplateResult {
    const earlier =
      hiddenLines > 0 ? `${hiddenLines} earlier ${hiddenLines === 1 ? 'line' : 'lines'}` : fileSize(this.output.length);
    const label = this.expanded ? 'Show less' : `Show ${earlier}`;
    const toggle = () => {
      this.expanded = !this.expanded;
    };
    return html`<button type="button" class="link" aria-expanded=${this.expanded} @click=${toggle}>${label}</button>`;
  }
}

function span({ text, colour, bold, dim }: Span) {
  const names = [colour && `ansi-${colour}`, bold && 'ansi-bold', dim && 'ansi-dim'].filter(Boolean).join(' ');
  return names ? html`<span class=${names}>${codeText(text)}</span>` : codeText(text);
}
