import { describe, expect, test } from 'vitest';

import { binAt, outlineOf, overlayRows, sharedBound } from '#renderer/charts/difference/scene.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
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

const heatMap = (min?: number, max?: number): HeatMap => ({
  rows: 1,
  columns: 1,
  sliceRows: 1,
  sliceColumns: 1,
  mean: new Float32Array(1),
  flags: new Uint8Array(1),
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
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

  test('on a logarithmic axis empty bins are gaps', () => {
    expect(outlineOf(histogram([2, 0]), true).points[1]).toEqual({ x: 1, y: Number.NaN });
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

test('pictures on one scale share the larger bound on either side of zero', () => {
  expect(sharedBound([heatMap(-3, 1), heatMap(0, 2), heatMap()])).toBe(3);
  expect(sharedBound([heatMap(0, 0)])).toBe(0);
});
