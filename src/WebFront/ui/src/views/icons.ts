import { html, svg, type TemplateResult } from 'lit';

/** Line icons on a 16 × 16 grid, in the colour of the text around them. */
const shapes = {
  alert: svg`<path d="M8 2.5 14.5 13.5h-13z"/><path d="M8 6.5v3M8 11.6v.1"/>`,
  brain: svg`<circle cx="8" cy="8" r="5.5"/><path d="M6 6.6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6.9M8 11.4v.1"/>`,
  check: svg`<path d="m3 8.5 3.2 3.2L13 5"/>`,
  copy: svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3.5v-1h-8v8h1"/>`,
  cross: svg`<path d="m4 4 8 8M12 4l-8 8"/>`,
  down: svg`<path d="M8 3v10M3.5 8.5 8 13l4.5-4.5"/>`,
  file: svg`<path d="M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5"/>`,
  globe: svg`<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2z"/>`,
  info: svg`<circle cx="8" cy="8" r="6"/><path d="M8 7.2v3.6M8 5v.1"/>`,
  list: svg`<path d="m2 4 1 1 1.7-2M2 11l1 1 1.7-2M7.5 4.3H14M7.5 11.3H14"/>`,
  message: svg`<path d="M2 3h12v8.5H7L4 14v-2.5H2z"/>`,
  plug: svg`<path d="M5.5 1.5v4M10.5 1.5v4M3.5 5.5h9v2a4.5 4.5 0 0 1-9 0zM8 12v2.5"/>`,
  stop: svg`<rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor"/>`,
  terminal: svg`<rect x="1.5" y="2.5" width="13" height="11" rx="1.5"/><path d="m4.5 6 2 2-2 2M8.5 10.5h3"/>`,
};

export type IconName = keyof typeof shapes;

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${shapes[name]}</svg>`;
}
