import { describe, expect, test } from 'vitest';

import {
  binAt,
  describeCell,
  mapOf,
  outlineOf,
  overlayRows,
  symmetricRange,
} from '#renderer/charts/difference/scene.ts';
import { pooled } from '#renderer/charts/difference/pooling.ts';
import type { Histogram } from '#shared/statistics.ts';

const histogram = (counts: readonly number[], more: Partial<Histogram> = {}): Histogram => ({
  edges: counts.map((_, index) => index).concat(counts.length),
  counts,
  below: 0,
  above: 0,
  nan: 0,
  positiveInfinity: 0,
  negativeInfinity: 0,
  exact: true,
  ...more,
});

describe('the outline of a histogram', () => {
  test('steps from edge to edge and closes at the last one', () => {
    expect(outlineOf(histogram([2, 0, 5])).points).toEqual([
      { x: 0, y: 2 },
      { x: 1, y: 0 },
      { x: 2, y: 5 },
      { x: 3, y: 5 },
    ]);
  });

  test('on a logarithmic axis empty bins lie on the axis and bins of one value above it', () => {
    expect(outlineOf(histogram([1, 0]), true).points.map((point) => point.y)).toEqual([1, 0.5, 0.5]);
  });

  test('what is in no bin is said in words', () => {
    const outside = { nan: 1_000, positiveInfinity: 2, negativeInfinity: 0, above: 3 };
    expect(outlineOf(histogram([1], outside)).outside).toEqual(['1,000 NaN', '2 +Inf', '3 above the range']);
  });
});

test('the table twin has a row a bin with both counts', () => {
  expect(overlayRows([histogram([1, 2]), histogram([3, 4])])).toEqual([
    { from: 0, to: 1, counts: [1, 3] },
    { from: 1, to: 2, counts: [2, 4] },
  ]);
  expect(overlayRows([])).toEqual([]);
});

test('bins are half-open, the last one closed, and outside there is none', () => {
  const bins = histogram([1, 1, 1]);
  expect([-0.1, 0, 0.9, 1, 2.5, 3, 3.1, Number.NaN].map((x) => binAt(bins, x))).toEqual([
    undefined,
    0,
    0,
    1,
    2,
    2,
    undefined,
    undefined,
  ]);
});

test('pictures on one scale share the largest cell on either side of zero', () => {
  const maps = [[-3, 1], [0, 2], [Number.NaN, Number.NEGATIVE_INFINITY], []].map((row) => mapOf([row]));
  expect(symmetricRange(maps)).toEqual({ kind: 'diverging', low: -3, high: 3 });
  expect(symmetricRange([mapOf([[0, 0]])])).toEqual({ kind: 'diverging', low: 0, high: 0 });
});

test('one odd element in a block of many still reaches the end of the scale', () => {
  const block = { ...mapOf([[0, 0.01]]), sliceRows: 10, sliceColumns: 20, min: 0, max: 1 };
  expect(symmetricRange([block]).high).toBeCloseTo(0.01);
});

test('a matrix becomes a picture whose cells say what is no finite number', () => {
  const map = mapOf([
    [1, Number.NaN],
    [Number.NEGATIVE_INFINITY, -4],
  ]);
  expect({ ...map, mean: [...map.mean], flags: [...map.flags] }).toEqual({
    rows: 2,
    columns: 2,
    sliceRows: 2,
    sliceColumns: 2,
    mean: [1, Number.NaN, Number.NaN, -4],
    flags: [0, 1, 2, 0],
    min: -4,
    max: 1,
  });
});

test('a cell says its place and value; a block says that it is a mean', () => {
  const cell = {
    row: 2,
    column: 3,
    rows: [4, 6],
    columns: [3, 4],
    mean: 0.5,
    hasNan: true,
    hasInfinity: false,
  } as const;
  expect(describeCell(cell, false)).toBe('rows 4 to 5, columns 3: farthest from 0 0.5, NaN');
  expect(describeCell({ ...cell, hasNan: false }, true)).toBe('[2, 3]: 0.5');
});

describe('fewer cells than there are', () => {
  test('what is farthest from 0 stays, with its sign', () => {
    const map = mapOf([
      [0, 0, 0, 0],
      [0, -3, 2, 0],
    ]);
    expect([...pooled(map, 1, 2).mean]).toEqual([-3, 2]);
  });

  test('one odd cell among 65,536 stays', () => {
    const map = mapOf(
      Array.from({ length: 256 }, (_row, row) =>
        Array.from({ length: 256 }, (_cell, column) => (row === 247 && column === 13 ? 1e-9 : 0)),
      ),
    );
    const small = pooled(map, 40, 60);
    expect([small.rows, small.columns]).toEqual([40, 60]);
    expect([...small.mean].filter((value) => value !== 0)).toHaveLength(1);
  });

  test('a block of NaN alone is a NaN, one finite value among them is that value, marks stay', () => {
    const small = pooled(mapOf([[Number.NaN, Number.NaN, Number.NaN, 5]]), 1, 2);
    expect([[...small.mean], [...small.flags]]).toEqual([
      [Number.NaN, 5],
      [1, 1],
    ]);
  });

  test('cells that are blocks already are only halved, so that every element stays in its own', () => {
    const blocks = { ...mapOf(Array.from({ length: 256 }, () => [0])), sliceRows: 1_000 };
    expect(pooled(blocks, 100, 1).rows).toBe(64);
  });

  test('a map that is small enough is the same map', () => {
    const map = mapOf([[1, 2]]);
    expect(pooled(map, 10, 10)).toBe(map);
  });
});
