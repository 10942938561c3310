import { html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { addressOf, threadIdFrom } from '../address';
import { Session } from '../session';
import { initialState, isBusy, type PageState, runningTurn } from '../state';
import { firstShownTurn, itemStep } from '../window';
import type { ComposerElement, SendDetail } from './composer';
import { FollowEnd } from './follow-end';
import { icon } from './icons';
import { LightElement } from './light-element';
import { noticesView } from './notices';
import { signInView } from './sign-in';
import { announcement, pageTitle } from './spoken';
import { topBarView } from './top-bar';
import { promptView } from './turn';
import { welcomeView } from './welcome';
import './composer';
import './raw-log';
import './turn';

/** The whole page: joins the session with the views, the address bar and the scroll position. */
@customElement('codex-app')
export class AppElement extends LightElement {
  @state() private page: PageState = initialState;
  @state() private showRaw = false;
  @state() private budget = itemStep;
  @query('codex-composer') private readonly composer!: ComposerElement | null;

  readonly #session = new Session((page) => this.#changed(page));
  readonly #end = new FollowEnd(this, () => this.querySelector('.conversation'));

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('popstate', this.#openAddress);
    window.addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    this.#openAddress();
    void this.#session.refreshHealth();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('popstate', this.#openAddress);
    window.removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#session.open(null);
  }

  protected override view() {
    const { page } = this;
    const bar = {
      showRaw: this.showRaw,
      toggleRaw: () => {
        this.showRaw = !this.showRaw;
      },
      newThread: () => this.#goTo(null),
    };
    return html`
      ${page.signedOut ? signInView(page.problem, (token) => void this.#session.signIn(token)) : nothing}
      <div class="shell" ?hidden=${page.signedOut}>
      ${topBarView(page, bar)} ${noticesView(page, () => this.#session.dismissProblem())}
      <div class="panes" data-raw=${this.showRaw ? 'shown' : 'hidden'}>
        <main class="conversation" tabindex="0" aria-label="Conversation">
          <div class="column">${this.#conversation()}</div>
        </main>
        ${this.showRaw
          ? html`<codex-raw-log tabindex="0" role="region" aria-label="Raw events" .log=${page.log}></codex-raw-log>`
          : nothing}
      </div>
      ${this.#end.isAtEnd ? nothing : this.#toEndButton()}
      <codex-composer .options=${page.options} .busy=${isBusy(page)} .running=${this.#running()} .isNew=${page.threadId === null}
        @send=${this.#send} @stop=${() => void this.#session.stop()}></codex-composer>
      <p class="visually-hidden" role="status">${announcement(page)}</p>
      </div>
    `;
  }

  #conversation(): TemplateResult {
    const { threadId, turns, submission, connection, log } = this.page;
    if (threadId === null && submission === null) return welcomeView((prompt) => this.composer?.fill(prompt));
    // Drawing a long history while it comes in would draw most of it in vain.
    const isFirstRead = connection.kind === 'connecting' && !connection.again && submission === null;
    if (isFirstRead) return html`<p class="working"><span class="spinner"></span>Loading · ${log.length} events</p>`;
    const first = firstShownTurn(turns, this.budget);
    return html`
      ${first > 0 ? this.#earlierTurns(first) : nothing}
      ${repeat(
        turns.slice(first),
        ({ id }) => id,
        (turn) => html`<codex-turn .turn=${turn}></codex-turn>`,
      )}
      ${submission && !runningTurn(this.page) ? pendingView(submission.prompt, submission.mode) : nothing}
    `;
  }

  #earlierTurns(hidden: number): TemplateResult {
    const show = () => {
      this.budget += itemStep;
    };
    return html`<button type="button" class="link earlier" @click=${show}>
      Show earlier turns (${hidden} more)
    </button>`;
  }

  #toEndButton(): TemplateResult {
    return html`<section class="to-end" aria-label="Position">
      <button type="button" class="secondary" @click=${() => this.#end.toEnd()}>${icon('down')}Latest</button>
    </section>`;
  }

  #running(): ComposerElement['running'] {
    const turn = runningTurn(this.page);
    if (turn) return turn.stopping ? 'stopping' : 'stoppable';
    return this.page.submission ? 'unstoppable' : null;
  }

  #send = async (event: CustomEvent<SendDetail>): Promise<void> => {
    const { mode, request } = event.detail;
    this.#end.toEnd();
    const wasTaken = await this.#session.submit(mode, request);
    // Nobody types a long prompt twice.
    if (!wasTaken && this.composer?.isEmpty) this.composer.fill(request.prompt);
  };

  #changed(page: PageState): void {
    // A first prompt has just got its thread: from now on the address brings it back.
    const isNewThread = this.page.threadId === null && page.threadId !== null;
    if (isNewThread && threadIdFrom(location.search) !== page.threadId)
      history.pushState(null, '', addressOf(page.threadId));
    document.title = pageTitle(page);
    this.page = page;
  }

  #goTo(threadId: string | null): void {
    history.pushState(null, '', addressOf(threadId));
    this.#openAddress();
    this.composer?.fill('');
  }

  #openAddress = (): void => {
    this.budget = itemStep;
    this.#end.toEnd();
    this.#session.open(threadIdFrom(location.search));
  };

  #wake = (): void => {
    if (document.visibilityState === 'visible') this.#session.wake();
  };
}

function pendingView(prompt: string, mode: 'stream' | 'run'): TemplateResult {
  const text = mode === 'run' ? 'Running; the whole answer comes at once…' : 'Sending…';
  return html`
    <article class="turn" data-status="running">
      ${promptView(prompt, {})}
      <p class="working"><span class="spinner"></span>${text}</p>
    </article>
  `;
}
