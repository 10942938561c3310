import { html, LitElement, type PropertyValues } from 'lit';

/**
 * An element without a shadow tree: one style sheet serves the whole page (the content security policy allows no other
 * kind of style), labels and live regions reach across elements, and find-in-page sees everything.
 *
 * It is also the boundary for faults: what cannot be drawn is replaced by `substitute`, and all around it is drawn as ever.
 */
export abstract class LightElement extends LitElement {
  #isFaulty = false;

  override render(): unknown {
    return this.#isFaulty ? this.substitute() : this.view();
  }

  /** What the element shows. */
  protected abstract view(): unknown;

  /** What it shows when `view` or its drawing throws: whatever can be said without the part that failed. */
  protected substitute(): unknown {
    return html`<p class="failure-text">This part of the page cannot be shown.</p>`;
  }

  protected override update(changed: PropertyValues): void {
    this.#isFaulty = false;
    try {
      super.update(changed);
    } catch (error) {
      console.error(`${this.localName} cannot be drawn:`, error);
      this.#isFaulty = true;
      super.update(changed);
    }
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
