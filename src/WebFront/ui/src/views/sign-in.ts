import { html, nothing, type TemplateResult } from 'lit';
import type { Problem } from '../resources';

/** Shown instead of everything else while the server does not know who this is. */
export function signInView(problem: Problem | null, signIn: (token: string) => void): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof token === 'string' && token.trim()) signIn(token.trim());
  };
  return html`
    <main class="sign-in">
      <form class="card" @submit=${submit}>
        <h1>Sign in</h1>
        <p>You are signed out. Open the sign-in link that the server printed when it started, or paste the access token.</p>
        <label>
          <span>Access token</span>
          <input name="token" type="password" autocomplete="current-password" required autofocus />
        </label>
        ${problem ? html`<p class="failure-text" role="alert"><strong>${problem.title}</strong> ${problem.detail}</p>` : nothing}
        <button type="submit" class="primary">Sign in</button>
      </form>
    </main>
  `;
}
