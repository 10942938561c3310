import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Item } from '../items';
import { icon } from './icons';
import { itemView, plainText } from './items';
import { LightElement } from './light-element';

/** One item of a turn. When it cannot be drawn as what it is, it is shown as text, and the items around it as ever. */
@customElement('codex-item')
export class ItemElement extends LightElement {
  @property({ attribute: false }) item: Item | null = null;
  @property({ attribute: false }) isAnswer = false;
  @property({ attribute: false }) isRunning = false;

  protected override view() {
    return this.item ? itemView(this.item, this.isAnswer, this.isRunning) : nothing;
  }

  protected override substitute() {
    return html`
      <section class="item" data-type="unknown">
        <header>${icon('message')}<span class="item-title">Shown as text</span></header>
        <codex-output .output=${this.item ? plainText(this.item) : ''}></codex-output>
      </section>
    `;
  }
}
