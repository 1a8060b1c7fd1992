import { expect, test } from 'vitest';

import { scaledHeights, toggledOverlay, type Overlay } from '#renderer/charts/histogram/overlays.ts';
import type { Histogram } from '#shared/statistics.ts';

const counted = (counts: number[], more: Partial<Histogram> = {}): Histogram => ({
  edges: counts.map((_, bin) => bin).concat(counts.length),
  counts,
  below: 0,
  above: 0,
  nan: 0,
  positiveInfinity: 0,
  negativeInfinity: 0,
  exact: true,
  ...more,
});
const overlay = (name: string): Overlay => ({ file: 'f', name });

test('an outline has the area of the bars, what lies beside them counted in', () => {
  // 10 finite values beneath, 5 over them of which one is outside
  expect(scaledHeights(counted([1, 3], { above: 1, nan: 40 }), counted([6, 2], { below: 2 }))).toEqual([
    2, 6,
  ]);
});

test('a tensor without finite values has no outline', () => {
  expect(scaledHeights(counted([0, 0], { nan: 7 }), counted([6, 2]))).toEqual([0, 0]);
});

test('a tensor is kept once, taken off again, and the oldest of six makes room', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map(overlay);
  expect(toggledOverlay([], overlay('a'))).toEqual([overlay('a')]);
  expect(toggledOverlay(five, overlay('b'))).toEqual(['a', 'c', 'd', 'e'].map(overlay));
  expect(toggledOverlay(five, overlay('f'))).toEqual(['b', 'c', 'd', 'e', 'f'].map(overlay));
  // names of two files are two tensors
  expect(toggledOverlay(five, { file: 'g', name: 'a' })).toHaveLength(5);
});
