import { html, nothing, type TemplateResult } from 'lit';
import { fileSize } from '../format';
import { pieces, type TextKind } from '../hidden-characters';
import { cutEnd } from '../terminal';
import { copyButton } from './copy';

const longestText = 20_000;
const longestCode = 64 * 1024;
const mostEntries = 500;

/** Text of a command, a path, a tool or the log: characters that nobody would see are spelled out. */
export function codeText(text: string): unknown {
  return drawn(text, 'code');
}

/** Text of either kind; of a long one the beginning, and a button that copies all of it. */
export function longText(text: string, kind: TextKind, longest = longestText): unknown {
  const shown = cutEnd(text, longest);
  if (shown.length === text.length) return drawn(text, kind);
  const button = copyButton(() => text, `Copy all of it, ${fileSize(text.length)}`);
  return html`${drawn(shown, kind)}… ${button}`;
}

/** Code in a box that scrolls, also by keyboard. */
export function codeBox(text: string, label: string): TemplateResult | typeof nothing {
  if (text === '') return nothing;
  return html`
    <pre tabindex="0" role="group" aria-label=${label}><code>${longText(text, 'code', longestCode)}</code></pre>
  `;
}

/** List items, up to a number that a page can hold. */
export function entries<T>(list: readonly T[], view: (entry: T) => TemplateResult): unknown {
  const rest = list.length - mostEntries;
  return html`${list.slice(0, mostEntries).map(view)}${rest > 0 ? html`<li class="hint">and ${rest} more</li>` : nothing}`;
}

function drawn(text: string, kind: TextKind): unknown {
  return pieces(text, kind).map((piece) =>
    piece.isEscape ? html`<mark title="Characters that are not visible">${piece.text}</mark>` : piece.text,
  );
}
