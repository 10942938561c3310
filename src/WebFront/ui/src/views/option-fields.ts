import { html, nothing, type TemplateResult } from 'lit';
import type { Draft } from '../draft';
import { codeText } from './foreign-text';
import { icon } from './icons';

type Choice = readonly [value: string, label: string];

const sandboxes: readonly Choice[] = [
  ['read-only', 'read-only'],
  ['workspace-write', 'workspace-write'],
  ['danger-full-access', '⚠ danger-full-access'],
];
const efforts: readonly Choice[] = [
  ['', 'default'],
  ...(['minimal', 'low', 'medium', 'high', 'xhigh'] as const).map((effort) => [effort, effort] as const),
];
const searches: readonly Choice[] = [
  ['', 'default'],
  ['disabled', 'disabled'],
  ['cached', 'cached'],
  ['live', 'live'],
];
const networks: readonly Choice[] = [
  ['', 'default'],
  ['on', 'on'],
  ['off', 'off'],
];

/** The options of a turn: the usual ones, and further ones behind a fold. */
export function optionFields(draft: Draft, change: (change: Partial<Draft>) => void): TemplateResult {
  const isDanger = draft.sandbox === 'danger-full-access';
  return html`
    <details class="options">
      <summary>
        <span>Options</span>
        <span class=${isDanger ? 'summary danger-text' : 'summary'}>${codeText(summary(draft))}</span>
      </summary>
      <div class="fields">
        <label>
          <span>Model</span>
          <input list="models" placeholder="default" autocomplete="off" spellcheck="false" .value=${draft.model}
            @input=${(event: Event) => change({ model: fieldValue(event) })} />
          <datalist id="models"><option value="gpt-5-codex"></option><option value="gpt-5"></option></datalist>
        </label>
        ${select('Sandbox', sandboxes, draft.sandbox, (value) => change({ sandbox: value as Draft['sandbox'] }))}
        <label class="wide">
          <span>Working directory</span>
          <input placeholder="the thread's own folder" autocomplete="off" spellcheck="false" .value=${draft.workingDirectory}
            @input=${(event: Event) => change({ workingDirectory: fieldValue(event) })} />
        </label>
        ${select('Reasoning effort', efforts, draft.reasoningEffort, (value) => change({ reasoningEffort: value }))}
        ${select('Web search', searches, draft.webSearch, (value) => change({ webSearch: value as Draft['webSearch'] }))}
        ${select('Network', networks, draft.network, (value) => change({ network: value as Draft['network'] }))}
        <label class="check">
          <input type="checkbox" .checked=${draft.skipGitRepoCheck}
            @change=${(event: Event) => change({ skipGitRepoCheck: (event.target as HTMLInputElement).checked })} />
          <span>Skip git check</span>
        </label>
      </div>
    </details>
    ${isDanger ? dangerWarning : nothing}
  `;
}

const dangerWarning = html`
  <p class="danger-warning" role="alert">
    ${icon('alert')}
    <span><strong>No sandbox.</strong> Codex may read, change and delete anything the server's account can, and use the
    network, without asking.</span>
  </p>
`;

function summary(draft: Draft): string {
  const parts = [draft.model || 'default model', draft.sandbox, draft.workingDirectory || 'own folder'];
  return parts.join(' · ');
}

function select(
  label: string,
  choices: readonly Choice[],
  value: string,
  change: (value: string) => void,
): TemplateResult {
  // A value that the list does not have (a thread may have been told anything) is shown rather than lost.
  const all: readonly Choice[] = choices.some(([known]) => known === value) ? choices : [...choices, [value, value]];
  return html`
    <label>
      <span>${label}</span>
      <select @change=${(event: Event) => change(fieldValue(event))}>
        ${all.map(([known, text]) => html`<option value=${known} .selected=${known === value}>${text}</option>`)}
      </select>
    </label>
  `;
}

function fieldValue(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}
