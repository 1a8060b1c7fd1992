import { expect, it } from 'vitest';

import type { StoredTensor } from '#main/formats/contract.ts';
import { createCompute } from '#main/services/compute.ts';
import { DEFAULT_QUANTILES } from '#main/services/tensor-summary.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { DistinctValues } from '#shared/statistics.ts';

const compute = createCompute(undefined);

async function distinct(dtype: string, values: ArrayBufferView): Promise<DistinctValues | undefined> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const shape = [bytes.byteLength / elementByteLength(dtype)];
  const tensor: StoredTensor = { name: 'w', dtype, shape, storage: { kind: 'inline', bytes } };
  const task = { plan: { tensor }, quantiles: DEFAULT_QUANTILES, isDigestWanted: false };
  return (await compute.run('summary', task, {})).distinct;
}

/** More than are sorted. */
const MANY = 40_000;
const exactly = (count: number) => ({ count, isExact: true });
const atLeast = (count: number) => ({ count, isExact: false });

it.each([
  // 0, −0, 1, 1, NaN, infinity
  ['sixteen bits, by code', 'f16', Uint16Array.of(0, 0x8000, 0x3c00, 0x3c00, 0x7e00, 0x7c00), exactly(2)],
  ['bytes', 'i8', Int8Array.of(-1, 5, -1, 0, 127), exactly(4)],
  ['booleans', 'bool', Uint8Array.of(0, 1, 1), exactly(2)],
  ['few values', 'f32', Float32Array.of(1, 1, 2, -0, 0, NaN, -Infinity), exactly(3)],
  ['integers that are one double', 'i64', BigInt64Array.of(2n ** 53n, 2n ** 53n + 1n, 2n ** 53n), exactly(2)],
  ['one value throughout', 'f64', new Float64Array(MANY).fill(0.1), exactly(1)],
  ['both zeros and nothing else', 'f32', new Float32Array(MANY).fill(-0, 100), exactly(1)],
  ['no finite value', 'f32', new Float32Array(MANY).fill(NaN), exactly(0)],
  ['no value', 'f32', new Float32Array(0), exactly(0)],
  // seven bits of the fraction are in the upper half
  ['many values', 'f32', Float32Array.from({ length: MANY }, (_, at) => 1 + at / MANY), atLeast(128)],
  [
    'two values close by',
    'f64',
    Float64Array.from({ length: MANY }, (_, at) => 1 + (at % 2) * 1e-12),
    atLeast(2),
  ],
  [
    'zeros, both, and one',
    'f32',
    Float32Array.from({ length: MANY }, (_, at) => [0, -0, 1][at % 3]!),
    atLeast(2),
  ],
] as const)(
  'different values are counted as far as one pass tells: %s',
  async (_title, dtype, values, found) => {
    expect(await distinct(dtype, values)).toEqual(found);
  },
);

it('nothing is said of complex numbers', async () => {
  expect(await distinct('c64', new Float32Array(4))).toBeUndefined();
});
