import { html, nothing, type TemplateResult } from 'lit';
import type { PageState } from '../state';
import { copyButton } from './copy';

export interface TopBarActions {
  showRaw: boolean;
  toggleRaw(): void;
  newThread(): void;
}

export function topBarView(state: PageState, actions: TopBarActions): TemplateResult {
  const { threadId } = state;
  return html`
    <header class="top">
      <span class="brand">CodexOrleans</span>
      ${versionView(state)} ${connectionView(state)}
      <span class="space"></span>
      ${
        threadId === null
          ? nothing
          : html`<span class="thread-id" title=${threadId}><span class="hint">Thread</span> <code>${threadId.slice(-6)}</code>
              ${copyButton(() => threadId, 'Copy the thread id')}</span>`
      }
      <button type="button" class="secondary" aria-pressed=${actions.showRaw} @click=${actions.toggleRaw}>Raw JSON</button>
      <button type="button" class="secondary" ?disabled=${threadId === null && state.submission === null}
        @click=${actions.newThread}>New thread</button>
    </header>
  `;
}

function versionView({ health }: PageState): TemplateResult | typeof nothing {
  if (!health?.codex.installed || !health.codex.version) return nothing;
  const logins: Record<string, string> = { chatgpt: 'ChatGPT', api_key: 'API key', provider: 'own provider' };
  const login = health.demo ? 'demo' : logins[health.codex.login];
  return html`<span class="version hint">Codex ${health.codex.version}${login ? ` · ${login}` : ''}</span>`;
}

function connectionView({ connection, reconnects }: PageState): TemplateResult | typeof nothing {
  switch (connection.kind) {
    case 'live': {
      const again = reconnects === 0 ? '' : ` · reconnected${reconnects === 1 ? '' : ` ${reconnects}×`}`;
      return html`<span class="connection live"><span class="dot"></span>Live${again}</span>`;
    }
    case 'connecting':
      return html`<span class="connection"><span class="dot"></span>${connection.again ? 'Reconnecting…' : 'Connecting…'}</span>`;
    case 'waiting':
      return html`<span class="connection lost"><span class="dot"></span>Reconnecting…</span>`;
    default:
      return nothing;
  }
}
