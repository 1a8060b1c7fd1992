import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { GATHER_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { tensorReader } from '#main/formats/read.ts';
import type { DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import { formulaByte, formulaSource } from '#test/kit/formula-source.ts';
import { rejection } from '#test/kit/rejection.ts';

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

describe('a tensor whose elements lie far apart in a large file', () => {
  const DTYPES = ['u8', 'u16', 'v3', 'f32', 'f64', 'c128'];
  const widths: Readonly<Record<string, number>> = { u8: 1, u16: 2, v3: 3, f32: 4, f64: 8, c128: 16 };
  // about what is read along, what is fetched at one go, and far beyond
  const strides = fc.constantFrom(0, 1, 3, 64, 4095, 4096, 4097, 16_400, 131_071, 300_000, 1_048_577);
  const axis = fc.record({
    size: fc.constantFrom(1, 2, 3, 5, 31, 33, 64, 100),
    stride: strides,
    isBackward: fc.boolean(),
  });
  const views = fc.record({
    dtype: fc.constantFrom(...DTYPES),
    axes: fc.array(axis, { minLength: 1, maxLength: 4 }),
    isDirect: fc.boolean(),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    count: fc.integer({ min: 1, max: 8000 }),
  });

  it('comes in C order wherever a window of it begins and ends', async () => {
    await fc.assert(
      fc.asyncProperty(views, async ({ dtype, axes, isDirect, at, count }) => {
        const width = widths[dtype]!;
        const signed = axes.map(({ size, stride, isBackward }) => ({
          size,
          stride: isBackward ? -stride : stride,
        }));
        const low = signed.reduce((sum, { size, stride }) => sum + Math.min(0, (size - 1) * stride), 0);
        const high = signed.reduce((sum, { size, stride }) => sum + Math.max(0, (size - 1) * stride), 0);
        const shape: readonly number[] = signed.map(({ size }) => size);
        const elements = shape.reduce((product, size) => product * size, 1);
        const start = Math.floor(at * (elements - 1));
        const length = Math.min(count, elements - start);
        const byteLength = (high - low + 1) * width;
        const offset = 40;
        const source = formulaSource(offset + byteLength, { isDirect });
        const stored = tensor(dtype, shape, {
          ...{ offset, byteLength, elementOffset: -low },
          strides: signed.map(({ stride }) => stride),
        });
        const found = await tensorReader(stored, [source]).read(start, length);
        const expected = new Uint8Array(length * width);
        for (let flat = start; flat < start + length; flat++) {
          let rest = flat;
          let element = -low;
          for (const { size, stride } of [...signed].reverse()) {
            element += (rest % size) * stride;
            rest = Math.floor(rest / size);
          }
          for (let byte = 0; byte < width; byte++)
            expected[(flat - start) * width + byte] = formulaByte(offset + element * width + byte);
        }
        expect(Buffer.compare(found, expected)).toBe(0);
        expect(Math.max(...source.reads.map(([, own]) => own))).toBeLessThanOrEqual(2 ** 20);
      }),
      { numRuns: 30 },
    );
  });

  const rows = 2560;
  const columns = 2048;
  const turned = tensor('f32', [columns, rows], {
    byteLength: rows * columns * 4,
    strides: [1, columns],
  });

  it('takes little more than its own bytes when it is read window by window, and gives each its own', async () => {
    const source = formulaSource(rows * columns * 4, { isDirect: true });
    const reader = tensorReader(turned, [source]);
    const window = 2 ** 18;
    for (let start = 0; start < rows * columns; start += window) {
      const count = Math.min(window, rows * columns - start);
      const bytes = await reader.read(start, count);
      expect(bytes.byteLength).toBe(count * 4);
      // the first and the last element of each, by hand
      for (const at of [0, count - 1]) {
        const flat = start + at;
        const place = (Math.floor(flat / rows) + (flat % rows) * columns) * 4;
        expect([...bytes.subarray(at * 4, at * 4 + 4)]).toEqual(
          [0, 1, 2, 3].map((i) => formulaByte(place + i)),
        );
      }
      bytes.fill(0);
    }
    const taken = source.reads.reduce((sum, [, length]) => sum + length, 0);
    expect(rows * columns * 4).toBeGreaterThan(GATHER_BYTES);
    expect(taken).toBeLessThan(3.5 * rows * columns * 4);
  });

  it('is read no further than the one window that is asked for', async () => {
    const source = formulaSource(rows * columns * 4, { isDirect: false });
    await tensorReader(turned, [source]).read(5, 3);
    expect(source.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(64 * 1024);
  });

  it('is not read on once that is cancelled', async () => {
    const controller = new AbortController();
    let count = 0;
    const onRead = () => {
      if (++count === 3) controller.abort();
    };
    const source = formulaSource(rows * columns * 4, { isDirect: true, onRead });
    const reading = tensorReader(turned, [source]).read(0, rows * columns, controller.signal);
    expect(await rejection(reading)).toMatchObject({ code: 'cancelled' });
    expect(count).toBe(3);
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
    [
      'unpack sixes that go on in the next byte',
      tensor('f6_e3m2', [5], { byteLength: 4 }),
      [95, 40, 21, 63],
      [31, 33, 18, 5, 63],
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
