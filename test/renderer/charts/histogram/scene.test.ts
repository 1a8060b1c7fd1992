import { describe, expect, test } from 'vitest';

import { countOf, titleOf } from '#renderer/charts/histogram/bars.ts';
import { binAt, histogramScene, positionOf, valueAt, zoomRange } from '#renderer/charts/histogram/scene.ts';
import { binCsv, binRows } from '#renderer/charts/histogram/twin.ts';
import type { Histogram } from '#shared/statistics.ts';

function histogram(more: Partial<Histogram> = {}): Histogram {
  return {
    edges: [-2, -1, 0, 1, 2],
    counts: [1, 5, 3, 0],
    below: 0,
    above: 0,
    nan: 0,
    positiveInfinity: 0,
    negativeInfinity: 0,
    exact: true,
    ...more,
  };
}

test('bins stand side by side in the middle of their places', () => {
  const { bars, outside, from, to, highest, total } = histogramScene(histogram());
  expect({ bars, outside, from, to, highest, total }).toEqual({
    bars: [
      { x: 0.5, y: 1 },
      { x: 1.5, y: 5 },
      { x: 2.5, y: 3 },
      { x: 3.5, y: 0 },
    ],
    outside: [],
    from: 0,
    to: 4,
    highest: 5,
    total: 9,
  });
});

test('what is in no bin has bars of its own beside them, with its name and count', () => {
  const scene = histogramScene(
    histogram({ nan: 7, positiveInfinity: 1, negativeInfinity: 2, below: 30, above: 4000 }),
  );
  expect(scene.outside.map(({ title, y, x }) => [title, y, x < 0 ? 'left' : 'right'])).toEqual([
    ['below', 30, 'left'],
    ['−Inf', 2, 'left'],
    ['above', 4000, 'right'],
    ['+Inf', 1, 'right'],
    ['NaN', 7, 'right'],
  ]);
  expect(scene.ticks.slice(-5).map(({ label }) => label)).toEqual([
    ['below', '30'],
    ['−Inf', '2'],
    ['above', '4,000'],
    ['+Inf', '1'],
    ['NaN', '7'],
  ]);
  const xs = scene.outside.map(({ x }) => x);
  expect(xs.every((x) => x > scene.from && x < scene.to)).toBe(true);
  // outliers do not flatten the bins
  expect(scene.highest).toBe(5);
});

test('where all values are NaN their bar is the scale', () => {
  expect(histogramScene(histogram({ counts: [0, 0, 0, 0], nan: 12 })).highest).toBe(12);
});

describe('places on the axis and values are one another’s inverse', () => {
  test.each([-2, -0.5, 0, 1.25, 2])('%d', (value) => {
    expect(valueAt(histogram(), positionOf(histogram(), value))).toBeCloseTo(value, 12);
  });

  test('over a span that overflows', () => {
    const wide = histogram({ edges: [-1.7e308, -0.85e308, 0, 0.85e308, 1.7e308] });
    expect(positionOf(wide, 0)).toBe(2);
    expect(valueAt(wide, 2)).toBe(0);
  });
});

test('places beside the bins are in none', () => {
  expect([
    binAt(histogram(), -0.1),
    binAt(histogram(), 0),
    binAt(histogram(), 3.99),
    binAt(histogram(), 4),
  ]).toEqual([undefined, 0, 3, undefined]);
});

describe('a zoom is a range that can be counted anew', () => {
  const rows: readonly (readonly [string, number, number, readonly [number, number] | undefined])[] = [
    ['forwards', 1, 3, [-1, 1]],
    ['backwards', 3, 1, [-1, 1]],
    ['past the ends', -5, 9, [-2, 2]],
    ['too narrow for doubles', 3.5, 3.5 + 1e-15, undefined],
    ['a point', 2, 2, undefined],
  ];
  test.each(rows)('%s', (_title, from, to, range) => {
    expect(zoomRange(histogram(), from, to)).toEqual(range);
  });
});

test('the bar under the pointer is told in words', () => {
  const scene = histogramScene(histogram({ nan: 1 }));
  expect([titleOf(histogram(), scene, 0, 1), titleOf(histogram(), scene, 1, 0), countOf(scene, 5)]).toEqual([
    '−1 to 0',
    'NaN',
    '5 of 10 (50 %)',
  ]);
});

test('the table and the CSV have every bin and everything beside', () => {
  const odd = histogram({ nan: 2, above: 1 });
  expect(binRows(odd)).toHaveLength(6);
  expect(binCsv(odd).split('\r\n')).toEqual([
    'from,to,count',
    '-2,-1,1',
    '-1,0,5',
    '0,1,3',
    '1,2,0',
    'above,,1',
    'NaN,,2',
    '',
  ]);
});

describe('on a symlog axis', () => {
  // equally wide there: −100 … −1 … 0 … 1 … 100 with the linear part from −1 to 1
  const decades = histogram({
    edges: [-100, -10, -1, 0, 1, 10, 100],
    counts: [1, 2, 3, 4, 5, 6],
    threshold: 1,
  });

  test('a value lies between its edges, and a place leads back to it', () => {
    expect([-100, -10, 0, 0.5, 10, 100].map((value) => positionOf(decades, value))).toEqual([
      0, 1, 3, 3.5, 5, 6,
    ]);
    for (const place of [0, 0.25, 2, 3.75, 6])
      expect(positionOf(decades, valueAt(decades, place))).toBe(place);
  });

  test('its ticks are zero and the powers of ten to either side', () => {
    expect(histogramScene(decades).ticks).toEqual(
      ['-100', '-10', '-1', '0', '1', '10', '100'].map((label, x) => ({ x, label: [label] })),
    );
  });

  test('a zoom is a range of values', () => {
    expect(zoomRange(decades, 4, 5)).toEqual([1, 10]);
  });
});
