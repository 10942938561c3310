import { html, nothing, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import type { CommandExecution, FileChange, Item, ItemStatus, McpToolCall } from '../items';
import { longestMarkdown, renderMarkdown } from '../markdown';
import { shownCommand } from '../terminal';
import { copyButton } from './copy';
import { codeBox, codeText, entries, longText } from './foreign-text';
import { type IconName, icon } from './icons';
import './output';

/** One template per item type. Only `markdown` makes HTML of what the model wrote; all else is text. */
export function itemView(item: Item, isAnswer: boolean, isRunning: boolean): TemplateResult {
  switch (item.type) {
    case 'agent_message':
      return messageView(item.text, isAnswer);
    case 'reasoning':
      return frame(item.type, 'brain', 'Reasoning', html`<div class="prose">${markdown(sections(item.text))}</div>`);
    case 'command_execution':
      return commandView(item, isRunning);
    case 'file_change':
      return fileChangeView(item, isRunning);
    case 'mcp_tool_call':
      return toolCallView(item, isRunning);
    case 'web_search':
      return frame(item.type, 'globe', 'Web search', searchView(item.queries));
    case 'todo_list':
      return frame(
        item.type,
        'list',
        todoTitle(item.entries),
        html`<ul class="todos">${entries(item.entries, todoView)}</ul>`,
      );
    case 'error':
      return frame(item.type, 'alert', 'Error', html`<p class="plain" dir="auto">${longText(item.message, 'code')}</p>`);
    case 'remark':
      return html`<p class="remark" dir="auto">${longText(item.message, 'code')}</p>`;
    case 'unknown':
      return frame(item.type, 'message', html`${codeText(item.name)}`, codeBox(item.json, 'JSON'));
  }
}

function frame(
  type: Item['type'],
  iconName: IconName,
  title: TemplateResult | string,
  body: TemplateResult | typeof nothing,
  status: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`
    <section class="item" data-type=${type}>
      <header>${icon(iconName)}<span class="item-title">${title}</span>${status}</header>
      ${body}
    </section>
  `;
}

function messageView(text: string, isAnswer: boolean): TemplateResult {
  const body = html`<div class="prose">${markdown(text)}</div>`;
  if (!isAnswer) return frame('agent_message', 'message', 'Codex', body);
  return html`
    <section class="item answer" data-type="agent_message">
      <header>
        ${icon('check')}<span class="item-title">Final answer</span>${copyButton(() => text, 'Copy the final answer')}
      </header>
      ${body}
    </section>
  `;
}

function commandView(item: CommandExecution, isRunning: boolean): TemplateResult {
  const exit = item.exitCode === null ? '' : `exit ${item.exitCode}`;
  return frame(
    item.type,
    'terminal',
    html`<code class="command">${longText(shownCommand(item.command), 'code')}</code>`,
    html`<codex-output .output=${item.output}></codex-output>`,
    statusView(item.status, isRunning, exit),
  );
}

function fileChangeView(item: FileChange, isRunning: boolean): TemplateResult {
  const count = item.changes.length;
  const changes = entries(
    item.changes,
    ({ path, kind }) =>
      html`<li><span class="kind" data-kind=${kind}>${codeText(kind)}</span><code>${longText(path, 'code')}</code></li>`,
  );
  const title = `${count} ${count === 1 ? 'file' : 'files'} changed`;
  return frame(item.type, 'file', title, html`<ul class="changes">${changes}</ul>`, statusView(item.status, isRunning));
}

function toolCallView(item: McpToolCall, isRunning: boolean): TemplateResult {
  const call = item.arguments === '{}' ? nothing : codeBox(item.arguments, 'Arguments');
  const error =
    item.error === '' ? nothing : html`<p class="plain failure-text" dir="auto">${longText(item.error, 'code')}</p>`;
  return frame(
    item.type,
    'plug',
    html`<code class="command">${longText(`${item.server}.${item.tool}`, 'code')}</code>`,
    html`${call}${error}<codex-output .output=${item.result}></codex-output>`,
    statusView(item.status, isRunning),
  );
}

function searchView(queries: string[]): TemplateResult {
  if (queries.length === 0) return html`<p class="plain hint">Searching…</p>`;
  return html`<ul class="queries">${entries(queries, (query) => html`<li dir="auto">${longText(query, 'code')}</li>`)}</ul>`;
}

function todoTitle(entries: { completed: boolean }[]): string {
  return `To-do · ${entries.filter((entry) => entry.completed).length} of ${entries.length} done`;
}

function todoView({ text, completed }: { text: string; completed: boolean }): TemplateResult {
  return html`
    <li class=${completed ? 'done' : ''}>
      <span class="box">${completed ? icon('check') : nothing}</span>
      <span><span class="visually-hidden">${completed ? 'Done: ' : 'Open: '}</span><bdi>${longText(text, 'prose')}</bdi></span>
    </li>
  `;
}

/** An item that nobody finished (a cut turn) must not look busy for ever. */
function statusView(status: ItemStatus, isRunning: boolean, exit = ''): TemplateResult | typeof nothing {
  if (status === 'in_progress')
    return isRunning
      ? html`<span class="status running"><span class="spinner"></span>running</span>`
      : html`<span class="status">not finished</span>`;
  if (status === 'failed') return html`<span class="status failed">${icon('cross')}${exit || 'failed'}</span>`;
  if (status === 'declined') return html`<span class="status failed">${icon('cross')}declined</span>`;
  if (status === 'completed') return html`<span class="status ok">${icon('check')}${exit || 'done'}</span>`;
  return nothing;
}

/** The CLI puts the headings of a reasoning summary on lines of their own, but without the blank line that markdown wants. */
function sections(text: string): string {
  return text.replace(/\n(?=\*\*[^*\n]+\*\*(?:\n|$))/g, '\n\n');
}

function markdown(text: string) {
  const rendered = text.length > longestMarkdown ? null : renderMarkdown(text);
  return rendered === null ? html`<codex-output .output=${text}></codex-output>` : unsafeHTML(rendered);
}

/** The strings of an item, for when nothing better can be shown. */
export function plainText(item: Item): string {
  if (item.type === 'agent_message' || item.type === 'reasoning') return item.text;
  return item.type === 'unknown' ? item.json : JSON.stringify(item, null, 2);
}
