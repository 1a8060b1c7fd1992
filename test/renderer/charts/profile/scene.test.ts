import { describe, expect, test } from 'vitest';

import { cellOf, positionOf, profileScene, readingOf, titleOf } from '#renderer/charts/profile/scene.ts';
import { lineCsv, lineRows } from '#renderer/charts/profile/twin.ts';
import type { LineProfile } from '#shared/profile.ts';

const none = { count: 0, first: [] };
/** Five lines of four values in three cells: one is dead, one constant, one all NaN. */
const SHARED: LineProfile = {
  lines: 5,
  length: 4,
  cells: 3,
  min: Float64Array.of(-1, 2, NaN),
  max: Float64Array.of(0, 2, NaN),
  mean: Float64Array.of(-0.125, 2, NaN),
  leastNorm: Float64Array.of(0, 4, NaN),
  mostNorm: Float64Array.of(1.5, 4, NaN),
  zeros: Float64Array.of(6, 0, 0),
  notFinite: Float64Array.of(0, 0, 4),
  marks: Uint8Array.of(1, 2, 4),
  dead: { count: 1, first: [0] },
  constant: { count: 1, first: [2] },
  unsound: { count: 1, first: [4] },
};
/** Every line in a cell of its own. */
const ALONE: LineProfile = {
  ...SHARED,
  lines: 3,
  dead: none,
  constant: none,
  unsound: none,
};

describe('the picture of a profile', () => {
  test('of norms has a solid bar to the least of a cell, and a pale one to the greatest', () => {
    const { bars, low, high } = profileScene(SHARED, 'norm');
    expect(bars).toEqual([{ span: [0, 0], beyond: [0, 1.5] }, { span: [0, 4] }, undefined]);
    expect([low, high]).toEqual([0, 4]);
  });

  test('of extremes goes from the least value to the greatest, of means from 0, of zeros by their share', () => {
    expect(profileScene(SHARED, 'range').bars[0]).toEqual({ span: [-1, 0] });
    expect(profileScene(SHARED, 'mean')).toMatchObject({
      bars: [{ span: [0, -0.125] }, {}, undefined],
      low: -0.125,
      high: 2,
    });
    // cell 0 has lines 0 and 1: eight values
    expect(profileScene(SHARED, 'zeros').bars[0]).toEqual({ span: [0, 75] });
  });

  test('has ticks at whole indices alone, in the middle of their line', () => {
    expect(profileScene(SHARED, 'norm').ticks).toEqual(
      [0, 1, 2, 3, 4].map((line) => ({ x: ((line + 0.5) * 3) / 5, label: String(line) })),
    );
    expect([positionOf(ALONE, 1), cellOf(SHARED, 2), cellOf(SHARED, 4)]).toEqual([1.5, 1, 2]);
  });
});

describe('a cell', () => {
  test('is told by its lines', () => {
    expect([0, 1, 2].map((cell) => titleOf(SHARED, 'row', cell))).toEqual(['rows 0–1', 'rows 2–3', 'row 4']);
    expect(titleOf(ALONE, 'column', 1)).toBe('column 1');
  });

  test('tells all its figures and what was found in it', () => {
    expect(readingOf(SHARED, 0)).toEqual([
      'norm 0 to 1.5',
      'mean -0.125, from -1 to 0',
      'zeros 6 of 8',
      '× dead',
    ]);
    expect(readingOf(SHARED, 2)).toEqual([
      'no finite value',
      'zeros 0 of 4',
      'NaN or infinity 4',
      '! with NaN or infinity',
    ]);
  });
});

test('the table has a row a cell of both sides, and so has the file', () => {
  const rows = lineRows({ rows: SHARED, columns: ALONE });
  expect(rows).toHaveLength(6);
  expect(rows[0]).toEqual({
    side: 'row',
    lines: '0–1',
    norm: '0 to 1.5',
    mean: '-0.125',
    min: '-1',
    max: '0',
    zeros: '6',
    notFinite: '0',
    marks: 'dead',
  });
  expect(rows[2]!.norm).toBe('NaN');
  const csv = lineCsv({ rows: SHARED, columns: ALONE }).split('\r\n');
  expect(csv[0]).toBe('Side,Index,L2 norm,Mean,Least,Greatest,Zeros,NaN or ∞,Found');
  expect(csv[5]).toBe('column,1,4,2,2,2,0,0,constant');
});
