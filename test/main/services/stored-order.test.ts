import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { sequentialSource } from '#main/bytes/sequential-source.ts';
import type { DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { inStoredOrder } from '#main/services/stored-order.ts';
import { withAnyOrderReader } from '#main/services/tensor-plan.ts';

const dense = (shape: readonly number[], rest: Partial<DenseStorage>): StoredTensor => ({
  name: 't',
  dtype: 'u8',
  shape,
  storage: { kind: 'dense', source: 0, offset: 0, byteLength: 24, byteOrder: 'little', ...rest },
});

/** Bytes that count up. */
const counting = (length: number) => Uint8Array.from({ length }, (_, at) => at);

async function valuesOf(reader: TensorReader): Promise<number[]> {
  return [...(await reader.read(0, reader.elementCount))];
}

describe('a tensor in the order of its source', () => {
  it.each<[string, StoredTensor, number[]]>([
    ['in C order', dense([2, 3], {}), [0, 1, 2, 3, 4, 5]],
    ['a transposed matrix', dense([3, 2], { strides: [1, 3] }), [0, 1, 2, 3, 4, 5]],
    ['axes in any order', dense([2, 3, 2], { strides: [1, 2, 6] }), [...counting(12)]],
    ['every second column, transposed', dense([2, 3], { strides: [2, 4] }), [0, 2, 4, 6, 8, 10]],
    ['backward', dense([3, 2], { strides: [-1, 3], elementOffset: 2 }), [2, 1, 0, 5, 4, 3]],
    ['a value that is repeated', dense([2, 3], { strides: [0, 1] }), [0, 0, 1, 1, 2, 2]],
  ])('%s', async (_what, tensor, expected) => {
    expect(await valuesOf(tensorReader(inStoredOrder(tensor), [memorySource(counting(24))]))).toEqual(
      expected,
    );
  });

  it('is what passes read that mind no order', async () => {
    const plan = {
      tensor: dense([3, 2], { strides: [1, 3] }),
      sources: [memorySource(counting(24)).description],
    };
    expect(await withAnyOrderReader(plan, valuesOf)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('starts a packed source once, which C order starts again and again', async () => {
    const [rows, columns] = [4096, 6144];
    let starts = 0;
    const source = sequentialSource({
      name: 'packed',
      byteLength: rows * columns,
      offset: 0,
      description: memorySource(counting(0)).description,
      open: async function* () {
        starts++;
        await Promise.resolve();
        for (let row = 0; row < rows; row++) yield new Uint8Array(columns);
      },
    });
    const tensor = dense([columns, rows], { byteLength: rows * columns, strides: [1, columns] });
    const startsOf = async (read: StoredTensor): Promise<number> => {
      starts = 0;
      const reader = tensorReader(read, [source]);
      for (let start = 0; start < reader.elementCount; start += 2 ** 20) await reader.read(start, 2 ** 20);
      return starts;
    };
    expect(await startsOf(inStoredOrder(tensor))).toBe(1);
    expect(await startsOf(tensor)).toBeGreaterThan(1);
  });
});
