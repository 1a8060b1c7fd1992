import { describe, expect, test } from 'vitest';

import { countStates, rowKey, worstFirst } from '#renderer/stores/comparison-order.ts';
import type { ComparisonRow } from '#shared/statistics.ts';

function check(rows: readonly ComparisonRow[], expected: readonly string[]) {
  expect(worstFirst(rows).map((row) => row.name)).toEqual(expected);
}

describe('rows stand worst first', () => {
  test('what cannot be compared comes before what differs, identical rows come last', () => {
    check(
      [
        { name: 'same', state: 'identical' },
        { name: 'zero', state: 'equal-values' },
        { name: 'near', state: 'within-tolerance', relativeL2: 1e-9 },
        { name: 'far', state: 'different', relativeL2: 0.5 },
        { name: 'gone', state: 'only-a' },
        { name: 'new', state: 'only-b' },
        { name: 'bent', state: 'shape' },
      ],
      ['bent', 'gone', 'new', 'far', 'near', 'zero', 'same'],
    );
  });

  test('within a state the larger relative difference comes first', () => {
    check(
      [
        { name: 'little', state: 'different', relativeL2: 1e-7, maxAbs: 100 },
        { name: 'much', state: 'different', relativeL2: 0.2, maxAbs: 0.1 },
      ],
      ['much', 'little'],
    );
  });

  test('a NaN against a number is worse than any number', () => {
    check(
      [
        { name: 'huge', state: 'different', relativeL2: 1e300 },
        { name: 'nan', state: 'different', relativeL2: Number.NaN, maxAbs: Number.POSITIVE_INFINITY },
      ],
      ['nan', 'huge'],
    );
  });

  test('a dtype that rounding explains is milder than one whose values moved', () => {
    check(
      [
        { name: 'rounded', state: 'dtype', cast: true, relativeL2: 0.9 },
        { name: 'moved', state: 'dtype', relativeL2: 0.1 },
      ],
      ['moved', 'rounded'],
    );
  });

  test('equal badness keeps the order of the file, and the given list is left alone', () => {
    const rows: ComparisonRow[] = ['b', 'a', 'c'].map((name) => ({ name, state: 'identical' }));
    check(rows, ['b', 'a', 'c']);
    expect(rows.map((row) => row.name)).toEqual(['b', 'a', 'c']);
  });
});

test('one name on both sides that is no pair has two keys', () => {
  expect(rowKey({ name: 'w', state: 'only-a' })).not.toBe(rowKey({ name: 'w', state: 'only-b' }));
});

test('states are counted, and those without a row are zero', () => {
  const counts = countStates([
    { name: 'a', state: 'identical' },
    { name: 'b', state: 'identical' },
    { name: 'c', state: 'shape' },
  ]);
  expect(counts).toEqual({
    shape: 1,
    'only-a': 0,
    'only-b': 0,
    different: 0,
    dtype: 0,
    'within-tolerance': 0,
    'equal-values': 0,
    identical: 2,
  });
});
