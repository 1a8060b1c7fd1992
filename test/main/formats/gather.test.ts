import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { tensorReader } from '#main/formats/read.ts';
import type { DenseStorage, StoredTensor } from '#main/formats/contract.ts';

function tensor(
  dtype: string,
  shape: readonly number[],
  storage: Partial<DenseStorage> & { byteLength: number },
): StoredTensor {
  return {
    name: 'value',
    dtype,
    shape,
    storage: { kind: 'dense', source: 0, offset: 0, byteOrder: 'little', ...storage },
  };
}

async function readAll(stored: StoredTensor, bytes: Uint8Array, piece: number): Promise<number[]> {
  const reader = tensorReader(stored, [memorySource(bytes)]);
  const out: number[] = [];
  for (let start = 0; start < reader.elementCount; start += piece) {
    out.push(...(await reader.read(start, Math.min(piece, reader.elementCount - start))));
  }
  return out;
}

describe('a strided tensor', () => {
  it('comes in C order whatever its strides and however it is cut into windows', async () => {
    const axes = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 5 }), stride: fc.integer({ min: -7, max: 7 }) }),
      { minLength: 0, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(axes, fc.integer({ min: 1, max: 30 }), async (list, piece) => {
        const low = list.reduce((sum, { size, stride }) => sum + Math.min(0, (size - 1) * stride), 0);
        const high = list.reduce((sum, { size, stride }) => sum + Math.max(0, (size - 1) * stride), 0);
        const bytes = Uint8Array.from({ length: high - low + 1 }, (_, i) => i);
        const shape = list.map(({ size }) => size);
        const stored = tensor('u8', shape, {
          byteLength: bytes.length,
          elementOffset: -low,
          strides: list.map(({ stride }) => stride),
        });
        // every coordinate in C order, its place counted by hand
        let expected = [0 - low];
        for (const { size, stride } of list) {
          expected = expected.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride));
        }
        expect(await readAll(stored, bytes, piece)).toEqual(expected);
      }),
    );
  });

  it('is read in bounded pieces where its elements lie far apart', async () => {
    const rows = 3;
    const columns = 2_000_000;
    const bytes = new Uint8Array(rows * columns * 4);
    const view = new Uint32Array(bytes.buffer);
    for (let i = 0; i < view.length; i++) view[i] = i;
    const reads: number[] = [];
    const source = memorySource(bytes);
    const counting = {
      ...source,
      read: (offset: number, length: number) => {
        reads.push(length);
        return source.read(offset, length);
      },
    };
    const stored = tensor('u32', [columns, rows], { byteLength: bytes.length, strides: [1, columns] });
    const window = new Uint32Array((await tensorReader(stored, [counting]).read(10, 7)).buffer);
    expect([...window]).toEqual(
      [10, 11, 12, 13, 14, 15, 16].map((flat) => (flat % 3) * columns + Math.floor(flat / 3)),
    );
    expect(Math.max(...reads)).toBeLessThanOrEqual(8 * 1024 * 1024);
  });
});

describe('canonical bytes', () => {
  const rows: [title: string, stored: StoredTensor, bytes: number[], expected: number[]][] = [
    [
      'turn big-endian words round',
      tensor('u32', [1], { byteLength: 4, byteOrder: 'big' }),
      [1, 2, 3, 4],
      [4, 3, 2, 1],
    ],
    [
      'turn both parts of a complex number round',
      tensor('c64', [1], { byteLength: 8, byteOrder: 'big' }),
      [1, 2, 3, 4, 5, 6, 7, 8],
      [4, 3, 2, 1, 8, 7, 6, 5],
    ],
    ['keep single bytes', tensor('i8', [2], { byteLength: 2, byteOrder: 'big' }), [1, 2], [1, 2]],
    [
      'conjugate',
      tensor('c64', [1], { byteLength: 8, isConjugated: true }),
      [0, 0, 0, 0, 0, 0, 0x80, 0x3f],
      [0, 0, 0, 0, 0, 0, 0x80, 0xbf],
    ],
    [
      'negate',
      tensor('f32', [1], { byteLength: 4, isNegated: true }),
      [0, 0, 0x80, 0x3f],
      [0, 0, 0x80, 0xbf],
    ],
    [
      'unpack nibbles, the low one first, with their sign',
      tensor('i4', [3], { byteLength: 2 }),
      [0x8f, 0x07],
      [255, 248, 7],
    ],
    ['unpack nibbles without sign', tensor('u4', [3], { byteLength: 2 }), [0x8f, 0x07], [15, 8, 7]],
  ];
  for (const [title, stored, bytes, expected] of rows) {
    it(title, async () => expect(await readAll(stored, Uint8Array.from(bytes), 2)).toEqual(expected));
  }

  it('repeat one element where the stride is 0', async () => {
    expect(
      await readAll(tensor('u8', [2, 3], { byteLength: 3, strides: [0, 1] }), Uint8Array.of(1, 2, 3), 4),
    ).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
