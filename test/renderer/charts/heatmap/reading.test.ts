import { describe, expect, test } from 'vitest';

import type { Cell } from '#renderer/charts/heat-paint.ts';
import { placeOf, valueOf } from '#renderer/charts/heatmap/reading.ts';

function cell(more: Partial<Cell> = {}): Cell {
  return {
    row: 0,
    column: 0,
    rows: [3, 4],
    columns: [7, 8],
    mean: 0.10000000149011612,
    hasNan: false,
    hasInfinity: false,
    ...more,
  };
}

describe('a cell tells where it is', () => {
  const plane = { rowAxis: 2, columnAxis: 1, indices: [5, 0, 0] };
  const rows: readonly (readonly [string, Cell, string])[] = [
    ['one element', cell(), '[5, 7, 3]'],
    ['several', cell({ rows: [2, 4], columns: [7, 9] }), '[5, 7–8, 2–3]'],
  ];
  test.each(rows)('%s', (_title, at, place) => {
    expect(placeOf([9, 9, 9], plane, at)).toBe(place);
  });

  test('in a vector', () => {
    expect(placeOf([9], { rowAxis: 0, columnAxis: 0, indices: [0] }, cell({ rows: [0, 1] }))).toBe('[7]');
  });
});

describe('a cell tells what it holds', () => {
  const rows: readonly (readonly [string, Cell, string, string])[] = [
    ['one value, as short as tells it apart', cell(), 'f32', '0.1'],
    ['one value wider than the picture', cell(), 'f64', '≈ 0.1000000'],
    ['a NaN', cell({ mean: Number.NaN, hasNan: true }), 'f32', 'NaN'],
    ['an infinity', cell({ mean: Number.NaN, hasInfinity: true }), 'f32', '±Inf'],
    ['a mean', cell({ rows: [0, 2], columns: [0, 3] }), 'f32', 'mean 0.1000 of 6'],
    [
      'a mean and what it lies among',
      cell({ rows: [0, 2], extent: [-1.5, 2] }),
      'f32',
      'mean 0.1000 of 2, from -1.5 to 2',
    ],
    ['a mean of what is finite', cell({ rows: [0, 2], hasNan: true }), 'f32', 'mean 0.1000 of 2, with NaN'],
    [
      'nothing finite',
      cell({ rows: [0, 2], mean: Number.NaN, hasNan: true, hasInfinity: true }),
      'f32',
      'with NaN and ±Inf',
    ],
  ];
  test.each(rows)('%s', (_title, at, dtype, text) => {
    expect(valueOf(at, dtype)).toBe(text);
  });
});
