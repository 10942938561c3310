import { html, nothing, type TemplateResult } from 'lit';
import type { Health, Problem } from '../resources';
import { type PageState, runningTurn } from '../state';
import { codeText } from './foreign-text';
import { icon } from './icons';

/** What the user should know before or while using the page: what is missing, what is wrong, what is only a demo. */
export function noticesView(state: PageState, dismiss: () => void): TemplateResult | typeof nothing {
  const health = state.health ? healthView(state.health) : nothing;
  const connection = connectionNotice(state);
  const problem = state.problem ? problemView(state.problem, dismiss) : nothing;
  if (health === nothing && connection === nothing && problem === nothing) return nothing;
  return html`<section class="notices" aria-label="Notices">${health}${connection}${problem}</section>`;
}

function healthView(health: Health): TemplateResult | typeof nothing {
  if (!health.codex.installed) {
    return notice(
      'bad',
      html`<strong>The Codex CLI is not installed.</strong> Run <code>npm i -g @openai/codex</code> on the server's machine,
        then <code>codex login</code>. ${codeText(health.codex.message)}`,
    );
  }
  if (health.demo) {
    return notice(
      'info',
      html`<strong>Demo.</strong> The real Codex CLI talks to a scripted model; no account is used.`,
    );
  }
  if (health.codex.login === 'none') {
    return notice(
      'bad',
      html`<strong>Codex is not logged in.</strong> Run <code>codex login</code> on the server's machine.
        ${codeText(health.codex.message)}`,
    );
  }
  return nothing;
}

/** A lost connection says nothing about the turn, and the text must not suggest that it did. */
function connectionNotice(state: PageState): TemplateResult | typeof nothing {
  const { connection } = state;
  const isAgain = connection.kind === 'waiting' || (connection.kind === 'connecting' && connection.again);
  if (isAgain) {
    const rest = runningTurn(state)
      ? 'Codex keeps working; what happens meanwhile is shown afterwards.'
      : 'Nothing is lost; the page continues where it was.';
    return notice('warn', html`<strong>Connection lost, reconnecting…</strong> ${rest}`);
  }
  if (connection.kind === 'not_found') {
    return notice(
      'bad',
      html`<strong>There is no such thread.</strong> It may have been deleted, or the address is wrong.`,
    );
  }
  if (connection.kind === 'refused') {
    return notice('bad', html`<strong>The server refuses to show this thread</strong> (HTTP ${connection.status}).`);
  }
  return nothing;
}

function problemView(problem: Problem, dismiss: () => void): TemplateResult {
  const advice = adviceFor(problem.code);
  return html`
    <div class="notice bad" role="alert">
      ${icon('alert')}
      <p><strong>${codeText(problem.title)}</strong> ${codeText(problem.detail)} ${advice}</p>
      <button type="button" class="link" aria-label="Dismiss" @click=${dismiss}>${icon('cross')}</button>
    </div>
  `;
}

function adviceFor(code: string): string {
  switch (code) {
    case 'turn_in_progress':
      return 'Wait for the running turn or stop it; the prompt is still in the box.';
    case 'server_busy':
      return 'Try again in a moment; the prompt is still in the box.';
    case 'codex_not_installed':
      return 'Install it on the server: npm i -g @openai/codex';
    case 'codex_not_logged_in':
      return 'The prompt is still in the box.';
    default:
      return '';
  }
}

function notice(kind: 'info' | 'warn' | 'bad', body: TemplateResult): TemplateResult {
  return html`<div class="notice ${kind}">${icon(kind === 'info' ? 'info' : 'alert')}<p>${body}</p></div>`;
}
