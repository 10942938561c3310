import { describe, expect, it } from 'vitest';
import { addressOf, threadIdFrom } from '../src/address';
import { draftFrom, optionsOf } from '../src/draft';
import { duration, durationBetween, shortCount } from '../src/format';
import type { Turn } from '../src/turns';
import { firstShownItem, firstShownTurn } from '../src/window';

describe('the address', () => {
  const id = '01a2070f-4499-7961-8d6b-3804dbb181aa';

  it('brings a thread back', () => {
    expect(threadIdFrom(new URL(addressOf(id), 'http://localhost').search)).toBe(id);
    expect(threadIdFrom('')).toBeNull();
  });

  it.each(['../../health', 'https://evil.example', `${id}/../x`, `${id}x`, 'x'])(
    'is no thread when it says %s',
    (value) => {
      expect(threadIdFrom(`?thread=${encodeURIComponent(value)}`)).toBeNull();
    },
  );
});

describe('the form', () => {
  it('says only what was chosen, so that the defaults of the operator hold', () => {
    expect(optionsOf(draftFrom({}), {})).toEqual({ sandbox: 'workspace-write' });
  });

  it('says all that was chosen', () => {
    const options = {
      model: 'gpt-5',
      sandbox: 'danger-full-access',
      working_directory: '/srv/ws',
      skip_git_repo_check: true,
      model_reasoning_effort: 'high',
      network_access_enabled: false,
      web_search: 'live',
    } as const;
    expect(optionsOf(draftFrom(options), {})).toEqual(options);
  });

  it('takes back the skipped check that a thread has', () => {
    const draft = { ...draftFrom({ skip_git_repo_check: true }), skipGitRepoCheck: false };
    expect(optionsOf(draft, { skip_git_repo_check: true })).toMatchObject({ skip_git_repo_check: false });
  });
});

describe('a long conversation', () => {
  const turnOf = (items: number) => ({ items: Array.from({ length: items }) }) as unknown as Turn;

  it('is drawn from its end, and always with its last turn', () => {
    expect(firstShownTurn([turnOf(5), turnOf(5)], 300)).toBe(0);
    expect(firstShownTurn([turnOf(200), turnOf(200), turnOf(200)], 300)).toBe(1);
    expect(firstShownTurn([turnOf(10), turnOf(5000)], 300)).toBe(1);
    expect(firstShownTurn([], 300)).toBe(0);
  });

  it('drops the first items of a turn in steps', () => {
    expect([0, 300, 599, 600, 899, 900].map((count) => firstShownItem(count, 300))).toEqual([0, 0, 0, 300, 300, 600]);
  });
});

describe('figures', () => {
  it('are short', () => {
    expect([999, 1000, 12_345, 999_949, 999_950, 2_500_000].map(shortCount)).toEqual([
      '999',
      '1k',
      '12.3k',
      '1000k',
      '1M',
      '2.5M',
    ]);
    expect([400, 42_000, 185_000, 3_720_000].map(duration)).toEqual(['0.4 s', '42 s', '3 min 5 s', '1 h 2 min']);
    expect(durationBetween('2026-01-01T00:00:00Z', '')).toBe('');
  });
});
