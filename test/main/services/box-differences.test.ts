import fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { DifferenceSums } from '#main/kernels/difference-sums.ts';
import { createCompute } from '#main/services/compute.ts';
import { pairDifference } from '#main/services/pair-difference.ts';
import { transposedTensor } from '#main/services/sliced-tensor.ts';
import { planOf, viewPlan, type TensorPlan } from '#main/services/tensor-plan.ts';
import { turns } from '#main/services/turns.ts';
import { unpacked } from '#test/kit/unpackings.ts';

vi.mock('#main/encodings/filters/filters.ts', async (original) => {
  const { counting } = await import('#test/kit/unpackings.ts');
  return counting(await original());
});

const ROWS = 6000;
const COLUMNS = 256;
const COUNT = ROWS * COLUMNS;

/** A matrix in packed chunks; elements are of one or two floats. */
function inChunks(
  name: string,
  values: Float32Array,
  [cellRows, cellColumns]: readonly [number, number],
  [rows, columns]: readonly [number, number] = [ROWS, COLUMNS],
): TensorPlan {
  const parts = values.length / (rows * columns);
  // so that no two chunks of a pair begin at the same place
  const packed: Buffer[] = [Buffer.alloc(1001 * name.charCodeAt(0))];
  const chunks: Chunk[] = [];
  let offset = packed[0]!.byteLength;
  for (let row = 0; row < rows; row += cellRows) {
    for (let column = 0; column < columns; column += cellColumns) {
      const cell = new Float32Array(cellRows * cellColumns * parts).fill(NaN);
      const length = Math.min(cellColumns, columns - column) * parts;
      for (let y = 0; y < Math.min(cellRows, rows - row); y++) {
        const from = ((row + y) * columns + column) * parts;
        cell.set(values.subarray(from, from + length), y * cellColumns * parts);
      }
      const bytes = deflateSync(new Uint8Array(cell.buffer), { level: 0 });
      const place = { source: 0, offset, byteLength: bytes.byteLength };
      chunks.push({
        ...{ origin: [row, column], shape: [cellRows, cellColumns] },
        ...{ ...place, filters: [{ kind: 'zlib' }] },
      });
      packed.push(bytes);
      offset += bytes.byteLength;
    }
  }
  const shape = [rows, columns];
  const storage = { kind: 'chunked', shape, chunks, byteOrder: 'little' } as const;
  const tensor: StoredTensor = { name, dtype: parts === 2 ? 'c64' : 'f32', shape, storage };
  return planOf(tensor, [memorySource(new Uint8Array(Buffer.concat(packed)), name)]);
}

function contiguous(values: Float32Array): TensorPlan {
  const byteLength = values.byteLength;
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  const dtype = values.length === 2 * COUNT ? 'c64' : 'f32';
  return planOf({ name: 'b', dtype, shape: [ROWS, COLUMNS], storage }, [
    memorySource(new Uint8Array(values.buffer)),
  ]);
}

function transposed(values: Float32Array): Float32Array {
  const turned = new Float32Array(COUNT);
  for (let at = 0; at < COUNT; at++) turned[(at % COLUMNS) * ROWS + Math.floor(at / COLUMNS)] = values[at]!;
  return turned;
}

function noise(length: number): Float32Array {
  const values = new Float32Array(length);
  for (let at = 0; at < length; at++) values[at] = (Math.imul(at, 2_654_435_761) >> 16) / 1024;
  return values;
}

const VALUES = noise(COUNT);

/** Some others, most of them at random, and the furthest ones at these places. */
function changed(
  places: readonly (readonly [row: number, column: number])[],
  distance: number,
): Float32Array {
  const values = VALUES.slice();
  for (let at = 5; at < COUNT; at += 1013) values[at]! += ((at % 17) - 8) / 8;
  for (const [row, column] of places)
    values[row * COLUMNS + column] = VALUES[row * COLUMNS + column]! + distance;
  return values;
}

function compare(a: TensorPlan, b: TensorPlan, width = 1): Promise<DifferenceSums | undefined> {
  const compute = { ...createCompute(undefined), width };
  return pairDifference({ a, b, tolerance: [0.01, 0.01] }, compute, turns(2 * width), {});
}

/** By a plain loop in C order. */
function plain(a: Float32Array, b: Float32Array) {
  const figures = { changed: 0, unequal: 0, maxAbs: 0, maxAt: -1, excess: -Infinity };
  const squares = { a: 0, b: 0, difference: 0 };
  a.forEach((value, at) => {
    const other = b[at]!;
    const distance = Math.abs(value - other);
    if (value !== other) figures.unequal++;
    if (Number.isNaN(distance) ? !Number.isNaN(figures.maxAbs) : distance > figures.maxAbs) {
      Object.assign(figures, { maxAbs: distance, maxAt: at });
    }
    const excess = value === other ? -0.01 : distance - 0.01 - 0.01 * Math.abs(other);
    figures.excess = Math.max(figures.excess, Number.isNaN(excess) ? Infinity : excess);
    squares.a += value * value;
    squares.b += other * other;
    squares.difference += distance * distance;
  });
  figures.changed = figures.unequal;
  return { figures, squares };
}

function expectFigures(sums: DifferenceSums | undefined, a: Float32Array, b: Float32Array): void {
  const { figures, squares } = plain(a, b);
  expect(sums).toMatchObject({ ...figures, compared: a.length });
  if (Number.isNaN(figures.maxAbs)) return;
  expect(Math.abs(sums!.squaresA / squares.a - 1)).toBeLessThan(1e-11);
  expect(Math.abs(sums!.squaresB / squares.b - 1)).toBeLessThan(1e-11);
  expect(Math.abs(sums!.squaresDifference / squares.difference - 1)).toBeLessThan(1e-11);
}

function expectOnce(chunks: number): void {
  expect([...unpacked.values()]).toEqual(new Array(chunks).fill(1));
}

/** Two places far apart, the first one in C order in a box that comes later. */
const FURTHEST = [
  [10, 3],
  [5, 250],
] as const;
const TALL = [ROWS, 32] as const;

describe('a pair of which chunks go down all rows', () => {
  it.each([
    ['and the other is contiguous', (values: Float32Array) => contiguous(values), 8],
    ['as those of the other do', (values: Float32Array) => inChunks('b', values, TALL), 16],
    ['and those of the other are wider', (values: Float32Array) => inChunks('b', values, [ROWS, 48]), 14],
    [
      'and the other is transposed',
      (values: Float32Array) =>
        viewPlan(inChunks('b', transposed(values), [32, ROWS], [COLUMNS, ROWS]), transposedTensor),
      16,
    ],
  ] as const)('%s, unpacks each chunk once, and is told as in C order', async (_, layOut, chunks) => {
    const other = changed(FURTHEST, 1000);
    const a = inChunks('a', VALUES, TALL);
    const sums = await compare(a, layOut(other));
    expectOnce(chunks);
    expectFigures(sums, VALUES, other);
    expect(sums!.maxAt).toBe(5 * COLUMNS + 250);
    // by however many threads, and whatever side is packed
    expect(await compare(a, layOut(other), 8)).toEqual(sums);
    expectFigures(await compare(layOut(other), a, 2), other, VALUES);
  });

  it('tells the first NaN in C order', async () => {
    const other = changed(FURTHEST, NaN);
    expectFigures(await compare(inChunks('a', VALUES, TALL), contiguous(other)), VALUES, other);
  });

  it('unpacks each chunk once where most are identical, too, and where all are', async () => {
    const a = inChunks('a', VALUES, TALL);
    const other = VALUES.slice();
    other[COUNT - 1]! += 1;
    expectFigures(await compare(a, inChunks('b', other, TALL)), VALUES, other);
    expectOnce(16);
    unpacked.clear();
    expect(await compare(a, inChunks('b', VALUES, TALL))).toBeUndefined();
    expectOnce(16);
  });

  it('tells the place of a part of a complex number', async () => {
    const values = noise(2 * COUNT);
    const other = values.slice();
    other[2 * (7 * COLUMNS + 200) + 1]! += 64;
    other[2 * (9 * COLUMNS + 1)]! += 64;
    const sums = await compare(inChunks('a', values, TALL), contiguous(other));
    expect(sums).toMatchObject({ changed: 2, maxAbs: 64, maxAt: 2 * (7 * COLUMNS + 200) + 1 });
  });
});

it('a pair of any chunks is told as in C order', { timeout: 60_000 }, async () => {
  const cells = fc.tuple(fc.integer({ min: 700, max: ROWS }), fc.integer({ min: 9, max: COLUMNS }));
  const places = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.nat(COLUMNS - 1)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(cells, fc.option(cells), places, async (cellA, cellB, furthest) => {
      const other = changed(furthest, 4096);
      const b = cellB ? inChunks('b', other, cellB) : contiguous(other);
      expectFigures(await compare(inChunks('a', VALUES, cellA), b), VALUES, other);
    }),
    { numRuns: 8 },
  );
});
