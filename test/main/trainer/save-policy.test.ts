import { describe, expect, it } from 'vitest';

import { checkpointName, stepOfName } from '#main/trainer/checkpoint-name.ts';
import { decideRetention, isSaveDue, type SaveMoment } from '#main/trainer/save-policy.ts';
import type { CheckpointConfig } from '#shared/run.ts';

const NEVER: CheckpointConfig = {
  everySteps: 0,
  everySeconds: 0,
  everyEpochs: 0,
  keepLast: 3,
  keepEvery: 0,
  best: false,
  keepTop: 0,
};
const QUIET: SaveMoment = {
  step: 7,
  epochsEnded: undefined,
  isLast: false,
  isAsked: false,
  isBest: false,
  secondsSinceSave: 5,
};

describe('a checkpoint is due', () => {
  check('never where nothing asks for it', {}, {}, false);
  check('at multiples of everySteps', { everySteps: 7 }, {}, true);
  check('and not in between', { everySteps: 4 }, {}, false);
  check('at the last step whatever the settings', {}, { isLast: true }, true);
  check('when somebody asks', {}, { isAsked: true }, true);
  check('after everySeconds', { everySeconds: 5 }, {}, true);
  check('and not sooner', { everySeconds: 5.1 }, {}, false);
  check('after every nth epoch', { everyEpochs: 2 }, { epochsEnded: 4 }, true);
  check('and not after the others', { everyEpochs: 2 }, { epochsEnded: 3 }, false);
  check('by epochs only at their ends', { everyEpochs: 1 }, {}, false);
  check('on improvement where that is wished for', { best: true }, { isBest: true }, true);
  check('and not without an improvement', { best: true }, {}, false);
  check('nor on one that nobody asked about', {}, { isBest: true }, false);
  check('by whichever comes first', { everySteps: 100, everySeconds: 2 }, {}, true);

  function check(
    rule: string,
    config: Partial<CheckpointConfig>,
    moment: Partial<SaveMoment>,
    expected: boolean,
  ) {
    it(rule, () => expect(isSaveDue({ ...QUIET, ...moment }, { ...NEVER, ...config })).toBe(expected));
  }
});

describe('retention', () => {
  check('keeps the newest', [10, 20, 30, 40, 50], {}, [50, 40, 30]);
  check('whatever the order they are told in', [30, 50, 10, 40, 20], {}, [50, 40, 30]);
  check('keeps all while they are few', [10, 20], {}, [20, 10]);
  check('never fewer than two', [10, 20, 30], { keepLast: 0 }, [30, 20]);
  check(
    'keeps multiples of keepEvery for good',
    [10, 20, 30, 40, 50, 60],
    { keepEvery: 20 },
    [60, 50, 40, 20],
  );

  function check(rule: string, steps: number[], config: Partial<CheckpointConfig>, kept: number[]) {
    it(rule, () => {
      const decision = decideRetention(
        steps.map((step) => ({ step })),
        { ...NEVER, ...config },
      );
      expect([...decision.kept.keys()]).toEqual(kept);
      const dropped = decision.dropped.map(({ step }) => step);
      expect([...dropped, ...kept].sort((a, b) => a - b)).toEqual([...steps].sort((a, b) => a - b));
    });
  }

  it('gives every reason', () => {
    const { kept, dropped } = decideRetention(
      [10, 20, 30, 40, 50].map((step) => ({ step })),
      { ...NEVER, keepLast: 2, keepEvery: 20 },
    );
    expect([...kept]).toEqual([
      [50, ['one of the last 2']],
      [40, ['one of the last 2', 'every 20 steps']],
      [20, ['every 20 steps']],
    ]);
    expect(dropped).toEqual([
      { step: 10, reason: 'no longer one of the last 2' },
      { step: 30, reason: 'no longer one of the last 2' },
    ]);
  });
});

describe('the best', () => {
  const scored = [0.9, 0.3, 0.5, 0.3, NaN, 0.8].map((score, index) => ({ step: 10 * (index + 1), score }));

  it('stay by their validation loss, the earlier of equals, beside the newest', () => {
    const { kept, dropped } = decideRetention(scored, { ...NEVER, keepLast: 2, keepTop: 2 });
    expect([...kept]).toEqual([
      [60, ['one of the last 2']],
      [50, ['one of the last 2']],
      [40, ['one of the best 2']],
      [20, ['one of the best 2']],
    ]);
    expect(dropped).toEqual([
      { step: 10, reason: 'no longer one of the last 2, nor one of the best 2' },
      { step: 30, reason: 'no longer one of the last 2, nor one of the best 2' },
    ]);
  });

  it('is one where one is asked for, and nothing without a score is', () => {
    const { kept } = decideRetention([{ step: 5 }, ...scored], { ...NEVER, keepLast: 2, keepTop: 1 });
    expect(kept.get(20)).toEqual(['the best']);
    expect(kept.has(5)).toBe(false);
  });
});

describe('what is pinned', () => {
  it('stays, and says so', () => {
    const pinned = [{ step: 10, isPinned: true }, { step: 20, isPinned: false }, { step: 30 }, { step: 40 }];
    const { kept, dropped } = decideRetention(pinned, { ...NEVER, keepLast: 2 });
    expect(kept.get(10)).toEqual(['pinned']);
    expect(dropped.map(({ step }) => step)).toEqual([20]);
  });
});

describe('the name of a checkpoint', () => {
  it('has at least six digits and tells its step', () => {
    for (const [step, name] of [
      [0, 'step-000000.safetensors'],
      [100, 'step-000100.safetensors'],
      [12_345_678, 'step-12345678.safetensors'],
    ] as const) {
      expect(checkpointName(step)).toBe(name);
      expect(stepOfName(name)).toBe(step);
    }
  });
  it('is nobody else’s', () => {
    for (const name of [
      'step-100.safetensors',
      'step-0000100.safetensors',
      'step-000100.safetensors.damaged',
      'xstep-000100.safetensors',
      'step-0001e2.safetensors',
    ]) {
      expect(stepOfName(name), name).toBeUndefined();
    }
  });
});
