import { html, type TemplateResult } from 'lit';
import { icon } from './icons';

/** Copies a text and says so on the button itself. */
export function copyButton(text: () => string, label: string): TemplateResult {
  return html`<button type="button" class="link copy" aria-label=${label} @click=${(event: Event) => copy(event, text())}>
    ${icon('copy')}<span class="copy-label">Copy</span>
  </button>`;
}

async function copy(event: Event, text: string): Promise<void> {
  const label = (event.currentTarget as HTMLElement).querySelector('.copy-label');
  const said = await navigator.clipboard.writeText(text).then(
    () => 'Copied',
    () => 'Not allowed',
  );
  if (!label) return;
  label.textContent = said;
  label.classList.add('said');
  setTimeout(() => {
    label.textContent = 'Copy';
    label.classList.remove('said');
  }, 1500);
}
