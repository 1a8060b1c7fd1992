import { expect, test } from 'vitest';

import { changedText, nameText, noteText, placeText } from '#renderer/views/compare/row-text.ts';
import { reproductionVerdict } from '#renderer/views/compare/reproduction-verdict.ts';
import type { Reproduction } from '#shared/reproduction.ts';

test('a pair under two names shows both, escaped', () => {
  expect(nameText({ name: 'a', state: 'identical' })).toBe('a');
  expect(nameText({ name: 'a', other: 'b\n', state: 'identical' })).toBe('a ↔ b\\u000a');
});

test('notes say how a pair is stored and what explains it', () => {
  expect(noteText({ name: 'a', state: 'identical', transposed: true })).toBe('transposed');
  expect(noteText({ name: 'a', state: 'dtype', cast: true, dtypes: ['f32', 'f16'] })).toBe(
    'rounding explains it, f32 / f16',
  );
  expect(noteText({ name: 'a', state: 'shape', shapes: [[2, 3], []] })).toBe('2 × 3 / scalar');
  expect(noteText({ name: 'a', state: 'different', dtypes: ['f32', 'f32'] })).toBe('');
});

test('places and changed elements read as in the command line', () => {
  expect(placeText({ name: 'a', state: 'different', at: [3, 17] })).toBe('[3, 17]');
  expect(changedText({ name: 'a', state: 'different', changed: 1, elementCount: 5120 })).toBe('1 of 5,120');
});

const reproduction: Reproduction = {
  verdict: 'reproduced',
  maxAbs: 2e-7,
  maxUlp: 3,
  at: [1, 4],
  cells: 20,
  arch: { layers: [] },
  used: [],
};

test('a reproduced output says within what, a bit-equal one that it is equal', () => {
  expect(reproductionVerdict(reproduction, [1e-5, 1e-5])).toEqual({
    tone: 'good',
    sentence: 'Reproduced: 20 of 20 cells within 1e-5 absolute, 1e-5 relative.',
    details: ['Farthest off at [1, 4]: |d| = 2e-7, 3 units in the last place.'],
  });
  const exact = reproductionVerdict({ ...reproduction, maxAbs: 0, maxUlp: 0 }, [0, 0]);
  expect(exact).toMatchObject({ sentence: 'Reproduced: 20 of 20 cells equal.', details: [] });
});

test('an output that is not reproduced says where it is farthest off', () => {
  const answer = reproductionVerdict(
    { ...reproduction, verdict: 'not-reproduced', maxAbs: Number.POSITIVE_INFINITY },
    [1e-5, 1e-5],
  );
  expect(answer.tone).toBe('bad');
  expect(answer.details[0]).toContain('|d| = no number');
});
