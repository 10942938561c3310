import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { durationBetween, usageDetail, usageSummary } from '../format';
import type { Item } from '../items';
import type { TurnOptions } from '../resources';
import { finalAnswer, type Turn } from '../turns';
import { firstShownItem, itemStep } from '../window';
import { codeText, longText } from './foreign-text';
import { icon } from './icons';
import { LightElement } from './light-element';
import './item';

/** One prompt, what Codex did about it, and how it ended. */
@customElement('codex-turn')
export class TurnElement extends LightElement {
  @property({ attribute: false }) turn: Turn | null = null;
  @state() private budget = itemStep;

  protected override view() {
    const turn = this.turn;
    if (!turn) return nothing;
    const answer = finalAnswer(turn);
    const isRunning = turn.status === 'running';
    const items = shownItems(turn);
    const first = firstShownItem(items.length, this.budget);
    return html`
      <article class="turn" data-status=${turn.status}>
        ${promptView(turn.prompt, turn.options)}
        ${first > 0 ? this.#earlierItems(first) : nothing}
        ${repeat(
          items.slice(first),
          (item) => item.id,
          (item) => html`
            <codex-item .item=${item} .isAnswer=${item === answer} .isRunning=${isRunning}></codex-item>
          `,
        )}
        ${isRunning ? workingView(turn) : endView(turn)}
      </article>
    `;
  }

  #earlierItems(hidden: number): TemplateResult {
    const show = () => {
      this.budget += itemStep;
    };
    return html`<button type="button" class="link earlier" @click=${show}>Show earlier steps (${hidden} more)</button>`;
  }
}

export function promptView(prompt: string, options: TurnOptions): TemplateResult {
  const chips = [options.model, options.sandbox, options.working_directory].filter((chip) => chip !== undefined);
  return html`
    <header class="prompt">
      <h2 class="visually-hidden">Prompt</h2>
      <p dir="auto">${longText(prompt, 'prose')}</p>
      ${
        chips.length === 0
          ? nothing
          : html`<ul class="chips" aria-label="Options of this turn">
              ${chips.map((chip) => html`<li class=${chip === 'danger-full-access' ? 'chip danger' : 'chip'}>${codeText(chip)}</li>`)}
            </ul>`
      }
    </header>
  `;
}

/** The CLI says a failure twice, first as a remark; it is shown once. */
function shownItems(turn: Turn): readonly Item[] {
  const message = turn.failure?.message;
  return message ? turn.items.filter((item) => item.type !== 'remark' || item.message !== message) : turn.items;
}

function workingView(turn: Turn): TemplateResult {
  return html`
    <p class="working"><span class="spinner"></span>${turn.stopping ? 'Stopping…' : 'Codex is working…'}</p>
  `;
}

function endView(turn: Turn): TemplateResult {
  return html`
    ${turn.status === 'failed' ? failureView(turn) : nothing}
    <footer class="turn-end">
      ${endLabel(turn)}
      ${turn.resource ? html`<span>${durationBetween(turn.resource.startedAt, turn.resource.endedAt)}</span>` : nothing}
      ${
        turn.resource?.usage
          ? html`<span class="usage" title=${usageDetail(turn.resource.usage)}>
              <span class="visually-hidden">Tokens: </span>${usageSummary(turn.resource.usage)}
            </span>`
          : nothing
      }
    </footer>
  `;
}

function endLabel(turn: Turn): TemplateResult {
  if (turn.status === 'completed') return html`<span class="status ok">${icon('check')}Completed</span>`;
  if (turn.status === 'interrupted') return html`<span class="status">${icon('stop')}Stopped</span>`;
  return html`<span class="status failed">${icon('cross')}Failed</span>`;
}

function failureView(turn: Turn): TemplateResult {
  return html`
    <section class="failure">
      <header>${icon('alert')}<span class="item-title">The turn failed</span></header>
      <p class="plain" dir="auto">${longText(turn.failure?.message || 'Codex gave no reason.', 'code')}</p>
      ${turn.failure?.code ? html`<p class="hint">Code: <code>${codeText(turn.failure.code)}</code></p>` : nothing}
    </section>
  `;
}
