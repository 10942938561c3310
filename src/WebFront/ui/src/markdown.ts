import DOMPurify from 'dompurify';
import MarkdownIt, { type Token } from 'markdown-it';
import { pieces, type TextKind, visible } from './hidden-characters';

/** The longest message that is rendered as markdown; above it the page would freeze, and is shown like output. */
export const longestMarkdown = 200_000;

/** Deeper nesting is no writing any more, and what browsers and the parser do with it is not what was written. */
const deepest = 40;

/** More pieces than a reader would look at, and enough elements to make a browser slow. */
const mostTokens = 20_000;

// HTML in an answer is something the model talks about, not a part of the page: it is left as text. The parser takes time in
// proportion to the text, whatever the text is, and beyond its limit of nesting leaves out what it finds: see `isSound`.
const parser = new MarkdownIt({ html: false, linkify: true, breaks: false, maxNesting: deepest + 4 });

// Names of files end like names of hosts, `fib.py` is both: only what begins as an address is made a link.
parser.linkify.set({ fuzzyLink: false });

const allowed = {
  ALLOWED_TAGS:
    'a blockquote br code em h1 h2 h3 h4 h5 h6 hr li mark ol p pre s strong table tbody td th thead tr ul'.split(' '),
  ALLOWED_ATTR: ['href', 'title', 'start', 'align', 'dir'],
  // Every other value has to look like an address that is allowed.
  ADD_URI_SAFE_ATTR: ['start', 'align', 'dir'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

const purifier = DOMPurify(window);
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A' && node.hasAttribute('href')) {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer');
  }

  // Both scroll when they are too wide, and so must be reachable by keyboard.
  if (node.tagName === 'PRE') describeScrollBox(node, 'Code', 'group');
  if (node.tagName === 'TABLE') describeScrollBox(node, 'Table');
});

const { rules } = parser.renderer;
rules.text = (tokens, index) => marked(contentOf(tokens, index), 'prose');
rules.code_inline = (tokens, index) => `<code>${marked(contentOf(tokens, index), 'code')}</code>`;
rules.code_block = (tokens, index) => `<pre><code>${marked(contentOf(tokens, index), 'code')}</code></pre>\n`;
rules.fence = rules.code_block;
// An image would tell a stranger's server who reads this, and when.
rules.image = (tokens, index) => {
  const href = attribute(tokens[index], 'src');
  return `<a href="${escapeHtml(href)}">${marked(contentOf(tokens, index) || href, 'prose')}</a>`;
};

/**
 * HTML that can be put into the page: no script, no style, no image, links to the outside only, in a tab of their own. Null
 * when the text is nested or cut up so far that it is better shown as it is.
 */
export function renderMarkdown(source: string): string | null {
  const env = {};
  const tokens = parser.parse(source, env);
  if (!isSound(tokens)) return null;
  for (const token of tokens) prepare(token);
  return sanitize(parser.renderer.render(tokens, parser.options, env));
}

export function sanitize(html: string): string {
  return purifier.sanitize(html, allowed);
}

/** False as well where the parser has left something out: that leaves containers at its limit behind. */
function isSound(tokens: readonly Token[]): boolean {
  let count = 0;
  let depth = 0;
  for (const token of tokens) {
    depth += token.nesting;
    count += 1 + (token.children?.length ?? 0);
    if (depth > deepest || count > mostTokens) return false;
    let inner = depth;
    for (const child of token.children ?? []) {
      inner += child.nesting;
      if (inner > deepest) return false;
    }
  }
  return true;
}

/** Each block has the direction of its own first letter, and what is inside it cannot reorder what is around it. */
function prepare(token: Token): void {
  const isText = token.nesting === 1 && /^(?:p|h\d|li|ul|ol|blockquote|td|th)$/.test(token.tag);
  if (isText) token.attrSet('dir', 'auto');
  const alignment = /^text-align:(left|center|right)$/.exec(attribute(token, 'style'))?.[1];
  if (alignment !== undefined) token.attrSet('align', alignment);
  if (token.type !== 'inline') return;
  const [first] = token.children ?? [];
  if (first?.type === 'text') first.content = first.content.replace(/^\[([ xX])\](?=\s)/, checkbox);
  for (const child of token.children ?? []) {
    const title = attribute(child, 'title');
    if (title !== '') child.attrSet('title', visible(title));
  }
}

function checkbox(_: string, state: string): string {
  return state === ' ' ? '☐' : '☑';
}

function describeScrollBox(node: Element, label: string, role?: string): void {
  node.setAttribute('tabindex', '0');
  node.setAttribute('aria-label', label);
  if (role) node.setAttribute('role', role);
}

function marked(text: string, kind: TextKind): string {
  return pieces(text, kind)
    .map((piece) => (piece.isEscape ? `<mark>${escapeHtml(piece.text)}</mark>` : escapeHtml(piece.text)))
    .join('');
}

function attribute(token: Token | undefined, name: string): string {
  return String(token?.attrGet(name) ?? '');
}

function contentOf(tokens: readonly Token[], index: number): string {
  return tokens[index]?.content ?? '';
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
