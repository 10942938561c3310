import DOMPurify from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    // HTML in an answer is something the model talks about, not a part of the page.
    html: ({ text }) => escapeHtml(text),
    // An image would tell a stranger's server who reads this, and when.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

const allowed = {
  ALLOWED_TAGS:
    'a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul'.split(' '),
  ALLOWED_ATTR: ['href', 'title', 'start', 'align'],
  // Every other value has to look like an address that is allowed.
  ADD_URI_SAFE_ATTR: ['start', 'align'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

/** The longest message that is rendered as markdown; above it the page would freeze, and is shown like output. */
export const longestMarkdown = 200_000;

const purifier = DOMPurify(window);
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A' || !node.hasAttribute('href')) return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer');
});

/** HTML that can be put into the page: no script, no style, no image, links to the outside only, in a tab of their own. */
export function renderMarkdown(source: string): string {
  return sanitize(marked.parse(source, { async: false }));
}

export function sanitize(html: string): string {
  return purifier.sanitize(html, allowed);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
