import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { followSnapshots, keepingLists } from '#renderer/stores/run-following.ts';
import type { RunSnapshot, RunState } from '#shared/run.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const snapshot = (
  step: number,
  state: RunState = 'running',
  more: Partial<RunSnapshot> = {},
): RunSnapshot => ({
  run: 'r',
  name: 'r',
  state,
  step,
  totalSteps: 100,
  epoch: 0,
  stepsPerSecond: 10,
  points: [{ step, loss: 1 }],
  validation: [],
  checkpoints: [],
  isSaving: false,
  problems: [],
  ...more,
});

function followed() {
  const shown: [step: number, state: RunState, points: readonly number[], isFirst: boolean][] = [];
  const following = followSnapshots((update, isFirst) =>
    shown.push([update.step, update.state, update.points.map((point) => point.step), isFirst]),
  );
  return { shown, following };
}

test('the first snapshot is shown at once, those of the next moment together', () => {
  const { shown, following } = followed();
  for (const step of [1, 2, 3]) following.take(snapshot(step));
  expect(shown).toEqual([[1, 'running', [1], true]]);
  vi.advanceTimersByTime(250);
  expect(shown[1]).toEqual([3, 'running', [2, 3], false]);
  vi.advanceTimersByTime(1_000);
  expect(shown).toHaveLength(2);
});

test('a change of state does not wait, and nothing older comes after it', () => {
  const { shown, following } = followed();
  for (const update of [snapshot(1), snapshot(2), snapshot(3, 'paused')]) following.take(update);
  vi.advanceTimersByTime(1_000);
  expect(shown).toEqual([
    [1, 'running', [1], true],
    [3, 'paused', [2, 3], false],
  ]);
});

test('the end shows what waits', () => {
  const { shown, following } = followed();
  for (const step of [1, 2]) following.take(snapshot(step));
  following.end();
  expect(shown.at(-1)).toEqual([2, 'running', [2], false]);
  following.end();
  expect(shown).toHaveLength(2);
});

test('lists that say the same stay the very same lists', () => {
  const checkpoint = {
    step: 1,
    file: 'f',
    sha256: 'a',
    byteLength: 1,
    status: 'kept',
    reasons: ['r'],
  } as const;
  const before = snapshot(1, 'running', {
    checkpoints: [checkpoint],
    problems: [{ step: 1, code: 'c', message: 'm' }],
  });
  const same = keepingLists(
    before,
    snapshot(2, 'running', { checkpoints: [{ ...checkpoint }], problems: [...before.problems] }),
  );
  expect(same.checkpoints).toBe(before.checkpoints);
  expect(same.problems).toBe(before.problems);
  expect(same.step).toBe(2);
  const dropped = keepingLists(
    before,
    snapshot(2, 'running', { checkpoints: [{ ...checkpoint, status: 'dropped' }] }),
  );
  expect(dropped.checkpoints[0]?.status).toBe('dropped');
});
