import { describe, expect, it } from 'vitest';
import { type Action, initialState, isBusy, type PageState, reduce, runningTurn } from '../src/state';
import { finalAnswer } from '../src/turns';
import { recording, turnFrames } from './recording';

function stateAfter(...actions: Action[]): PageState {
  return actions.reduce(reduce, initialState);
}

function afterTurn(name: string): PageState {
  return stateAfter({ type: 'received', frames: turnFrames(recording(name)) });
}

describe('a recorded turn', () => {
  it('shows its items in the order they first appeared', () => {
    const turn = afterTurn('all').turns[0];
    expect(turn?.items.map((item) => item.type)).toEqual([
      'reasoning',
      'agent_message',
      'todo_list',
      'command_execution',
      'file_change',
      'agent_message',
    ]);
  });

  it('has the prompt, the options and the end', () => {
    const turn = afterTurn('all').turns[0];
    expect(turn).toMatchObject({
      id: 'turn-1',
      prompt: 'Do it',
      options: { sandbox: 'read-only' },
      status: 'completed',
    });
  });

  it('has its last message as the final answer', () => {
    const turn = afterTurn('all').turns[0];
    expect(turn && finalAnswer(turn)).toMatchObject({ type: 'agent_message', id: 'item_5' });
  });

  it('has no final answer before it is completed', () => {
    const cut = stateAfter({ type: 'received', frames: turnFrames(recording('all').slice(0, -1)) });
    expect(cut.turns[0] && finalAnswer(cut.turns[0])).toBeNull();
    expect(runningTurn(cut)?.id).toBe('turn-1');
  });

  it('replaces an item by its later version', () => {
    const items = afterTurn('all').turns[0]?.items;
    expect(items?.[3]).toMatchObject({ status: 'completed', exitCode: 0, output: 'all\nhello.txt\nsbx\nsecond.txt\n' });
    expect(afterTurn('plan').turns[0]?.items[0]).toMatchObject({
      entries: [
        { text: 'First thing', completed: true },
        { text: 'Second thing', completed: true },
      ],
    });
  });

  it('knows a failed command by its exit code', () => {
    expect(afterTurn('shell-fail').turns[0]?.items[0]).toMatchObject({ exitCode: 3, status: 'failed' });
  });

  it('finds a web search again though its id key is on the wire twice', () => {
    const items = afterTurn('web').turns[0]?.items;
    expect(items).toHaveLength(2);
    expect(items?.[0]).toMatchObject({ type: 'web_search', queries: ['orleans grains', 'orleans sse'] });
  });

  it('shows what a tool was asked and what it answered', () => {
    const call = afterTurn('mcp').turns[0]?.items[1];
    expect(call).toMatchObject({ server: 'tiny', tool: 'echo', arguments: '{\n  "text": "hi"\n}', result: 'echo:hi' });
    expect(afterTurn('mcp-fail').turns[0]?.items[1]).toMatchObject({ status: 'failed', result: 'boom!' });
  });

  it('goes on after a remark about a retry', () => {
    const turn = afterTurn('cutonce').turns[0];
    expect(turn?.items.map((item) => item.type)).toEqual(['remark', 'agent_message']);
    expect(turn?.status).toBe('completed');
  });

  it('fails with the reason that turn.failed gives', () => {
    const turn = afterTurn('err401').turns[0];
    expect(turn?.status).toBe('failed');
    expect(turn?.failure?.message).toMatch(/^unexpected status 401 Unauthorized/);
  });

  it('keeps every line as it came', () => {
    const lines = recording('all');
    expect(
      afterTurn('all')
        .log.slice(1)
        .map(({ line }) => line),
    ).toEqual(lines);
    expect(afterTurn('all').log.at(-1)?.label).toBe('turn.completed');
    expect(afterTurn('all').log[3]?.label).toBe('item.completed reasoning');
  });
});

describe('several turns', () => {
  const first = turnFrames(recording('reasoning'), 'turn-1');
  const second = turnFrames(recording('shell-fail'), 'turn-2', first.length + 1);

  it('keep their items apart though the item ids restart', () => {
    const { turns } = stateAfter({ type: 'received', frames: [...first, ...second] });
    expect(turns.map((turn) => turn.items[0]?.type)).toEqual(['reasoning', 'command_execution']);
    expect(turns[0]?.items[0]?.id).toBe(turns[1]?.items[0]?.id);
  });

  it('leave the objects of finished turns alone, so that these are not drawn again', () => {
    const before = stateAfter({ type: 'received', frames: first });
    const later = reduce(before, { type: 'received', frames: second });
    expect(later.turns[0]).toBe(before.turns[0]);
  });

  it('are the same whether they come in one batch or line by line', () => {
    const atOnce = stateAfter({ type: 'received', frames: [...first, ...second] });
    const oneByOne = stateAfter(
      ...[...first, ...second].map((frame): Action => ({ type: 'received', frames: [frame] })),
    );
    expect(oneByOne).toEqual(atOnce);
  });
});

describe('lines nobody expected', () => {
  it.each([
    'garbage',
    '[]',
    '{"type":"item.completed"}',
    '{"type":"later.event"}',
    '{"type":"item.completed","item":7}',
  ])('are kept in the log and change nothing else: %s', (line) => {
    const before = stateAfter({ type: 'received', frames: turnFrames([]) });
    const later = reduce(before, { type: 'received', frames: [{ seq: 9, name: null, data: line }] });
    expect(later.log).toHaveLength(2);
    expect(later.turns).toEqual(before.turns);
  });

  it('show an item of an unknown type as JSON', () => {
    const line = '{"type":"item.completed","item":{"id":"item_0","type":"collab_tool_call","to":"x"}}';
    const { turns } = stateAfter({ type: 'received', frames: turnFrames([line]) });
    expect(turns[0]?.items[0]).toMatchObject({ type: 'unknown', name: 'collab_tool_call' });
  });
});

describe('a submission', () => {
  const submitted: Action = { type: 'submitted', mode: 'stream', prompt: 'Do it' };
  const accepted: Action = { type: 'accepted', threadId: 'thread-1', turnId: 'turn-1' };
  const received: Action = { type: 'received', frames: turnFrames([]) };

  it('lasts until the log shows its turn, in whichever order the two arrive', () => {
    expect(stateAfter(submitted, accepted).submission).not.toBeNull();
    expect(stateAfter(submitted, received).submission).not.toBeNull();
    expect(stateAfter(submitted, accepted, received).submission).toBeNull();
    expect(stateAfter(submitted, received, accepted).submission).toBeNull();
  });

  it('keeps the page busy until its turn has ended', () => {
    const frames = turnFrames(recording('reasoning'));
    expect(isBusy(stateAfter(submitted, accepted, received))).toBe(true);
    expect(isBusy(stateAfter(submitted, accepted, { type: 'received', frames }))).toBe(false);
  });

  it('ends with a problem when it is refused', () => {
    const problem = { title: 'Busy', detail: '', code: 'server_busy' };
    expect(stateAfter(submitted, { type: 'refused', problem })).toMatchObject({ submission: null, problem });
  });
});

describe('stopping', () => {
  const running = stateAfter({ type: 'received', frames: turnFrames([]) });
  const stopping = reduce(running, { type: 'stopping', turnId: 'turn-1' });

  it('is shown until the turn has ended, and then as a stop and not as a failure', () => {
    expect(runningTurn(stopping)?.stopping).toBe(true);
    const data = '{"type":"turn.failed","error":{"message":"Interrupted.","code":"interrupted"}}';
    const stopped = reduce(stopping, { type: 'received', frames: [{ seq: 2, name: null, data }] });
    expect(stopped.turns[0]).toMatchObject({ status: 'interrupted', stopping: false });
  });

  it('can be asked again when the request failed', () => {
    const problem = { title: 'Unreachable', detail: '', code: '' };
    expect(runningTurn(reduce(stopping, { type: 'failed', problem }))?.stopping).toBe(false);
  });
});

describe('the connection', () => {
  const lost: Action[] = [
    { type: 'connection', connection: { kind: 'waiting', retryInMs: 500 } },
    { type: 'connection', connection: { kind: 'connecting', again: true } },
  ];
  const live: Action = { type: 'connection', connection: { kind: 'live' } };

  it('does not touch the turn when it is lost', () => {
    const running = stateAfter({ type: 'received', frames: turnFrames([]) }, live);
    const cut = lost.reduce(reduce, running);
    expect(cut.turns).toBe(running.turns);
    expect(runningTurn(cut)).not.toBeNull();
  });

  it('counts how often it came back', () => {
    expect(stateAfter(live).reconnects).toBe(0);
    expect(stateAfter(live, ...lost, live, ...lost, live).reconnects).toBe(2);
  });

  it('starts the conversation over when the server cannot continue it', () => {
    const again = stateAfter({ type: 'received', frames: turnFrames(recording('all')) }, { type: 'restarted' });
    expect(again).toMatchObject({ turns: [], log: [] });
  });
});

describe('what the server knows beyond the log', () => {
  it('is joined to the turns: usage of the turn alone, and times', () => {
    const usage = { input: 5, cachedInput: 1, output: 2, reasoningOutput: 1 };
    const resource = { turnId: 'turn-1', status: 'completed', startedAt: 'a', endedAt: 'b', usage };
    const thread = { threadId: 'thread-1', status: 'idle', runningTurnId: null, options: {}, usage: null };
    const state = stateAfter(
      { type: 'opened', threadId: 'thread-1' },
      { type: 'received', frames: turnFrames(recording('all')) },
      { type: 'thread_read', thread: { ...thread, turns: [resource] } },
    );
    expect(state.turns[0]?.resource?.usage).toEqual(usage);
  });

  it('is ignored when it is about a thread that is no longer shown', () => {
    const before = stateAfter({ type: 'opened', threadId: 'thread-2' });
    const thread = {
      threadId: 'thread-1',
      status: '',
      runningTurnId: null,
      options: { model: 'x' },
      usage: null,
      turns: [],
    };
    expect(reduce(before, { type: 'thread_read', thread })).toBe(before);
  });
});
