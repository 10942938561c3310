import { LitElement } from 'lit';

/**
 * An element without a shadow tree: one style sheet serves the whole page (the content security policy allows no other
 * kind of style), labels and live regions reach across elements, and find-in-page sees everything.
 */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
