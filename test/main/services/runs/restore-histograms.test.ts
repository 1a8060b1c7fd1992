import { expect, test } from 'vitest';

import { withHistograms } from '#main/services/runs/restore-histograms.ts';
import { recordHistogram } from '#main/trainer/memory-histogram.ts';
import type { RestoreTensorRow } from '#shared/run.ts';

const row = (name: string): RestoreTensorRow => ({
  name,
  dtype: 'f32',
  shape: [4],
  elementCount: 4,
  state: 'different',
});
const bytesOf = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const tensor = (...values: number[]) => ({
  name: 'w',
  dtype: 'f32' as const,
  shape: [values.length],
  bytes: bytesOf(...values),
});
const sum = (counts: ArrayLike<number>) => Array.from(counts).reduce((total, count) => total + count, 0);

test('the original’s histogram is of memory, the clone’s of the file, on the bins of the original', () => {
  const clone = new Map([['w', tensor(0, 1, 2, 50)]]);
  const recorded = { w: recordHistogram(new Float32Array([0, 1, 2, 3])) };
  const [drawn] = withHistograms([row('w')], undefined, recorded, clone);
  expect(drawn?.histograms?.original).toMatchObject({ above: 0, below: 0 });
  expect(sum(drawn!.histograms!.original.counts)).toBe(4);
  expect(drawn?.histograms?.clone).toMatchObject({ above: 1 });
  expect(drawn?.histograms?.clone.edges).toEqual(drawn?.histograms?.original.edges);
});

test('memory that stands now is used before what was recorded', () => {
  const memory = { step: 1, tensors: [tensor(5, 6, 7, 8)] };
  const recorded = { w: recordHistogram(new Float32Array([0, 1])) };
  const [drawn] = withHistograms([row('w')], memory, recorded, new Map([['w', tensor(5, 6, 7, 8)]]));
  expect(drawn!.histograms!.original.edges[0]).toBe(5);
});

test('without a record, or without a clone, nothing is drawn; a name like constructor is a name', () => {
  const clone = new Map([['w', tensor(1, 2, 3, 4)]]);
  expect(withHistograms([row('w'), row('constructor')], undefined, {}, clone)).toEqual([
    row('w'),
    row('constructor'),
  ]);
  const recorded = { w: recordHistogram(new Float32Array([0, 1])) };
  expect(withHistograms([row('w')], undefined, recorded)).toEqual([row('w')]);
});

test('bytes may begin anywhere in their buffer', () => {
  const shifted = new Uint8Array(17);
  shifted.set(bytesOf(1, 2, 3, 4), 1);
  const clone = new Map([['w', { ...tensor(), bytes: shifted.subarray(1) }]]);
  const recorded = { w: recordHistogram(new Float32Array([1, 2, 3, 4])) };
  const [drawn] = withHistograms([row('w')], undefined, recorded, clone);
  expect([...drawn!.histograms!.clone.counts]).toEqual([...drawn!.histograms!.original.counts]);
});
