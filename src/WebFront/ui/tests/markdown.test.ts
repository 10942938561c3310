// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { renderMarkdown, sanitize } from '../src/markdown';

function rendered(source: string): HTMLElement {
  const element = document.createElement('div');
  element.innerHTML = renderMarkdown(source) ?? 'shown as text';
  return element;
}

const attacks = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><script>alert(1)</script></svg>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a>',
  '<p style="position:fixed">x</p>',
  '<style>*{display:none}</style>',
  '<iframe src="https://evil.example"></iframe>',
  '<form action="https://evil.example"><input name=q></form>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<base href="https://evil.example">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<video src="https://evil.example/x.mp4" autoplay></video>',
  '<div id="prompt" class="top" slot=x is="codex-app">x</div>',
  '[x](javascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:alert(1))',
  '![x](https://evil.example/pixel.png)',
  '![x](javascript:alert(1))',
  '![x" onerror="alert(1)](https://evil.example/"onerror="alert(1))',
  '<x onclick=alert(1)>[a](https://ok.example "t\\" onmouseover=\\"alert(1)")',
  '```<img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```',
];

/** What the page itself adds, and what it lets through. */
const known = 'href title start align dir target rel tabindex role aria-label'.split(' ');
const fetching = 'script,style,img,svg,math,iframe,form,input,base,link,video,audio,object,embed';

describe.each([
  ['markdown', (source: string) => renderMarkdown(source) ?? 'shown as text'],
  // The second wall on its own: what if the markdown library let HTML through?
  ['html', sanitize],
])('hostile %s', (_, render) => {
  it.each(attacks)('runs nothing, styles nothing and fetches nothing: %s', (source) => {
    const element = document.createElement('div');
    element.innerHTML = render(source);
    expect(element.querySelectorAll(fetching)).toHaveLength(0);
    for (const node of element.querySelectorAll('*')) {
      const names = node.getAttributeNames();
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
      const href = node.getAttribute('href');
      if (href !== null) expect(href).toMatch(/^(https?|mailto):/);
    }
  });
});

describe('markdown', () => {
  it('shows HTML as the text it is', () => {
    expect(rendered('Use <b>bold</b> and\n\n<div>block</div>').textContent).toContain('Use <b>bold</b>');
    expect(rendered('<div>block</div>').textContent).toContain('<div>block</div>');
  });

  it('opens links in a tab that knows nothing of this page', () => {
    const link = rendered('[docs](https://example.com/a?b=1&c=2)').querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://example.com/a?b=1&c=2');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer');
  });

  it('leaves the text of a link to a file on the server, without the link', () => {
    const element = rendered('[fib.py](/srv/ws/fib.py:12)');
    expect(element.textContent).toContain('fib.py');
    expect(element.querySelector('[href]')).toBeNull();
  });

  it('names an image and links to it instead of fetching it', () => {
    const element = rendered('![a chart](https://example.com/c.png)');
    expect(element.querySelector('a')?.textContent).toBe('a chart');
    expect(element.querySelector('a')?.getAttribute('href')).toBe('https://example.com/c.png');
  });

  it('has code, tables, lists and task lists', () => {
    const element = rendered('```js\nif (a < b) {}\n```\n\n| a |\n|---|\n| 1 |\n\n1. one\n\n- [x] done\n- [ ] open');
    expect(element.querySelector('pre code')?.textContent).toBe('if (a < b) {}\n');
    expect(element.querySelector('td')?.textContent).toBe('1');
    expect(element.querySelector('ol li')?.textContent).toBe('one');
    expect(rendered('2. two').querySelector('ol')?.start).toBe(2);
    expect(element.textContent).toMatch(/☑ done[\s\S]*☐ open/);
  });
});
