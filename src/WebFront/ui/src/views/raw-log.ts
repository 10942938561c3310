import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { fileSize } from '../format';
import type { LogLine } from '../state';
import { cutEnd } from '../terminal';
import { copyButton } from './copy';
import { FollowEnd } from './follow-end';
import { codeText } from './foreign-text';
import { LightElement } from './light-element';

const step = 500;
const longestLine = 4_000;

/** The lines of the log as they came, newest last; only the last ones are drawn until earlier ones are asked for. */
@customElement('codex-raw-log')
export class RawLogElement extends LightElement {
  @property({ attribute: false }) log: readonly LogLine[] = [];
  @state() private shown = step;
  protected readonly end = new FollowEnd(this, () => this);

  protected override view() {
    const hidden = Math.max(0, this.log.length - this.shown);
    const copyAll = () => this.log.map(({ line }) => line).join('\n');
    return html`
      <div class="raw">
        <header>
          <h2>Raw events</h2>
          <span class="hint">${this.log.length}</span>${copyButton(copyAll, 'Copy all events as JSON lines')}
        </header>
        ${this.log.length === 0 ? html`<p class="hint">Every line of JSON that Codex prints appears here.</p>` : nothing}
        ${hidden > 0 ? this.#earlier(hidden) : nothing}
        <ol>${repeat(this.log.slice(hidden), ({ seq }) => seq, (line) => guard([line], () => lineView(line)))}</ol>
      </div>
    `;
  }

  #earlier(hidden: number): TemplateResult {
    const show = () => {
      this.shown += step;
    };
    return html`<button type="button" class="link" @click=${show}>Show ${Math.min(step, hidden)} earlier</button>`;
  }
}

function lineView({ seq, label, line }: LogLine): TemplateResult {
  const [event = '', item = ''] = label.split(' ');
  const isCut = line.length > longestLine;
  return html`
    <li data-event=${event} data-item=${item}>
      <span class="seq">${seq}</span><span class="event">${codeText(event)}</span>
      ${item ? html`<span class="event-item">${codeText(item)}</span>` : nothing}
      <code>${codeText(cutEnd(line, longestLine))}${isCut ? '…' : nothing}</code>
      ${isCut ? copyButton(() => line, `Copy the whole line, ${fileSize(line.length)}`) : nothing}
    </li>
  `;
}
