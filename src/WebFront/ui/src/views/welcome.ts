import { html, type TemplateResult } from 'lit';

const examples = [
  'Create a Python function to calculate Fibonacci numbers, with tests, and run them.',
  'Explain what is in the working directory.',
  'Find the slowest test in this repository and say why it is slow.',
];

/** The page before the first prompt. */
export function welcomeView(use: (prompt: string) => void): TemplateResult {
  return html`
    <section class="welcome">
      <h1>What should Codex do?</h1>
      <p>
        Every step appears here as it happens. Close the page at any time: the thread runs on, and its address brings it
        back.
      </p>
      <ul>
        ${examples.map(
          (example) =>
            html`<li><button type="button" class="example" @click=${() => use(example)}>${example}</button></li>`,
        )}
      </ul>
    </section>
  `;
}
