import { expect, test } from 'vitest';

import { histogramLike, recordHistogram, recordedHistogram } from '#main/trainer/memory-histogram.ts';

test('values are counted from the smallest to the largest, the last bin closed', () => {
  const record = recordHistogram(new Float32Array([0, 1, 2, 64]));
  expect(record.range).toEqual([0, 64]);
  expect(record.counts).toHaveLength(64);
  expect(record.counts.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [63, 1],
  ]);
});

test('what is no finite number has its own count and no say in the range', () => {
  const values = new Float64Array([
    Number.NaN,
    -1,
    1,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
  expect(recordHistogram(values)).toMatchObject({
    range: [-1, 1],
    nan: 2,
    positiveInfinity: 1,
    negativeInfinity: 1,
  });
  expect(recordHistogram(new Float32Array([Number.NaN]))).toMatchObject({ range: [0, 1], nan: 1 });
});

test('a record survives the log and gives the histogram that was counted', () => {
  const values = Float32Array.from({ length: 1_000 }, (_, index) => Math.sin(index));
  const record = JSON.parse(JSON.stringify(recordHistogram(values))) as ReturnType<typeof recordHistogram>;
  const [recorded, counted] = [recordedHistogram(record), histogramLike(record, values)];
  expect({ ...counted, counts: [...counted.counts] }).toEqual({ ...recorded, counts: [...recorded.counts] });
  expect(recorded.edges).toHaveLength(65);
});

test('other values on the same bins say how many lie outside', () => {
  const record = recordHistogram(new Float32Array([0, 1]));
  expect(histogramLike(record, new Float32Array([-5, 0.5, 2, 3]))).toMatchObject({ below: 1, above: 2 });
});

test('a constant and nothing at all have bins, too', () => {
  const constant = recordedHistogram(recordHistogram(new Float32Array(5).fill(3)));
  expect([...constant.counts].reduce((sum, count) => sum + count, 0)).toBe(5);
  const nothing = recordedHistogram(recordHistogram(new Float32Array(0)));
  expect([...nothing.counts].every((count) => count === 0)).toBe(true);
});
