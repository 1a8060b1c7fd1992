import { expect, test } from 'vitest';

import { verdictOf, verdictSoFar } from '#renderer/views/compare/verdict.ts';
import type { Comparison, ComparisonRow, ComparisonVerdict } from '#shared/statistics.ts';

function check(
  verdict: ComparisonVerdict,
  rows: readonly ComparisonRow[],
  sentence: string,
  details: readonly string[] = [],
) {
  const comparison: Comparison = { verdict, rows, metadata: [] };
  const { sentence: said, details: added } = verdictOf(comparison, [1e-5, 1e-3]);
  expect([said, ...added]).toEqual([sentence, ...details]);
}

const same = (name: string): ComparisonRow => ({ name, state: 'identical' });

test('identical says how many, and that it is every bit', () => {
  check('identical', ['a', 'b', 'c', 'd'].map(same), 'Identical: 4 of 4 tensors, every bit.');
  check('identical', [same('a')], 'Identical: 1 of 1 tensor, every bit.');
});

test('identical across frameworks says that the layout is another', () => {
  check(
    'identical',
    [
      { ...same('hidden.weight'), other: 'dense/kernel', transposed: true },
      { ...same('hidden.bias'), other: 'dense/bias' },
    ],
    'Identical: 2 of 2 tensors, every bit.',
    ['The two files lay the network out in their own ways: 1 stored transposed, 2 under another name.'],
  );
});

test('equal values with other bits are not called identical', () => {
  check(
    'equal-values',
    [same('a'), { name: 'b', state: 'equal-values' }],
    'Equal values: 2 of 2 tensors; 1 stored with other bits (−0 for 0, or another dtype).',
  );
});

test('within tolerance says which', () => {
  check(
    'within-tolerance',
    [{ name: 'w', state: 'within-tolerance', maxAbs: 1.25e-6, at: [0, 3] }],
    'Within tolerance of 1e-5 absolute, 0.001 relative: 1 of 1 tensor.',
    ['Worst: w, max |d| 1.25e-6 at [0, 3].'],
  );
});

test('different says how many, in what way, and where it is worst', () => {
  check(
    'different',
    [
      same('a'),
      { name: 'w', state: 'different', maxAbs: 0.5, at: [2, 17], changed: 1, relativeL2: 0.1 },
      { name: 'gone', state: 'only-a' },
      { name: 'bent', state: 'shape' },
    ],
    'Different: 3 of 4 tensors, 1 by value, 1 by shape, 1 only in the original.',
    ['Worst: w, relative L2 0.1, max |d| 0.5 at [2, 17]; 1 element changed.'],
  );
});

test('a dtype that rounding explains is said to be explained', () => {
  check(
    'different',
    [same('a'), { name: 'w', state: 'dtype', cast: true, maxAbs: 0.25 }],
    'Different: 1 of 2 tensors, by dtype.',
    ['Worst: w, max |d| 0.25.', 'Rounding to the other dtype explains all of it.'],
  );
});

test('a NaN on one side has no size', () => {
  check(
    'different',
    [{ name: 'w', state: 'different', maxAbs: Number.POSITIVE_INFINITY, at: [0] }],
    'Different: 1 of 1 tensor, by value.',
    ['Worst: w, no number on one side at [0].'],
  );
});

test('names from a file cannot change how the sentence reads', () => {
  const rows: ComparisonRow[] = [{ name: 'a\u202eb', state: 'different', maxAbs: 1 }];
  expect(verdictOf({ verdict: 'different', rows, metadata: [] }).details[0]).toContain('a\\u202eb');
});

test('metadata that differ are told and do not change the verdict', () => {
  const metadata = [{ name: 'step', a: '1', b: '2' }];
  const verdict = verdictOf({ verdict: 'identical', rows: [same('a')], metadata });
  expect(verdict.tone).toBe('good');
  expect(verdict.details).toEqual(['One metadata entry differs; that does not change the verdict.']);
});

test('two files without tensors are not called identical', () => {
  expect(verdictOf({ verdict: 'identical', rows: [], metadata: [] }).tone).toBe('caution');
});

test('while rows arrive the sentence says how far it is', () => {
  const half = { done: 512, total: 1_000, unit: 'bytes' } as const;
  expect(verdictSoFar(0, 0, half)).toBe('Comparing, 51 %…');
  expect(verdictSoFar(1, 0, half)).toBe('Comparing, 51 %: 1 tensor, all identical so far.');
  expect(verdictSoFar(1, 1)).toBe('Comparing: 1 tensor, 1 not identical so far.');
});
