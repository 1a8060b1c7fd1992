import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createTrainingModule, LEFT_ROWS, RIGHT_BYTES } from '#main/kernels/training-module.ts';

type Precision = 'f32' | 'f64';
type Floats = Float32Array | Float64Array;

const module = createTrainingModule();

function floats(precision: Precision, count: number, value: (index: number) => number): Floats {
  const at = module.reserve(count * (precision === 'f32' ? 4 : 8));
  const { buffer } = module.memory;
  const values =
    precision === 'f32' ? new Float32Array(buffer, at, count) : new Float64Array(buffer, at, count);
  for (let i = 0; i < count; i++) values[i] = value(i);
  return values;
}

function noise(seed: number): (index: number) => number {
  return (index) => {
    const value = Math.sin((index + 1) * 12.9898 + seed) * 43758.5453;
    return value - Math.floor(value) - 0.5;
  };
}

/** The definition: the sum begins with what is there and goes in order, rounded at every step. */
function plainProduct(
  precision: Precision,
  a: (row: number, k: number) => number,
  b: (k: number, column: number) => number,
  start: (row: number, column: number) => number,
  [rows, columns, depth]: readonly [number, number, number],
): number[] {
  const round = precision === 'f32' ? Math.fround : (x: number) => x;
  return Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    let sum = start(row, column);
    for (let k = 0; k < depth; k++) sum = round(sum + round(a(row, k) * b(k, column)));
    return sum;
  });
}

function check(
  precision: Precision,
  [rows, columns, depth]: readonly [number, number, number],
  isTurned: { readonly a: boolean; readonly b: boolean; readonly c: boolean },
  continues: boolean,
  seed: number,
): void {
  const kernels = module[precision];
  const size = precision === 'f32' ? 4 : 8;
  const width = RIGHT_BYTES / size;
  const a = floats(precision, rows * depth, noise(seed));
  const b = floats(precision, columns * depth, noise(seed + 1));
  const c = floats(precision, rows * columns, noise(seed + 2));
  const steps = (isTurned: boolean, lines: number, across: number) =>
    isTurned ? ([size, lines * size] as const) : ([across * size, size] as const);
  const [aRow, aDepth] = steps(isTurned.a, rows, depth);
  const [bColumn, bDepth] = steps(isTurned.b, columns, depth);
  const [cRow, cColumn] = steps(isTurned.c, rows, columns);
  const expected = plainProduct(
    precision,
    (row, k) => a[(row * aRow + k * aDepth) / size]!,
    (k, column) => b[(column * bColumn + k * bDepth) / size]!,
    (row, column) => (continues ? c[(row * cRow + column * cColumn) / size]! : 0),
    [rows, columns, depth],
  );

  const left = floats(precision, Math.ceil(rows / LEFT_ROWS) * LEFT_ROWS * depth, () => NaN);
  const right = floats(precision, Math.ceil(columns / width) * width * depth, () => NaN);
  kernels.packLeft(a.byteOffset, aRow, aDepth, rows, depth, left.byteOffset);
  kernels.packRight(b.byteOffset, bColumn, bDepth, columns, depth, right.byteOffset);
  kernels.multiply(
    left.byteOffset,
    right.byteOffset,
    c.byteOffset,
    cRow,
    cColumn,
    rows,
    columns,
    depth,
    continues,
  );
  const found = expected.map((_, index) => {
    const row = Math.floor(index / columns);
    return c[(row * cRow + (index % columns) * cColumn) / size]!;
  });
  expect(found).toEqual(expected);
}

describe('a product of matrices has the bits of the plain loop', () => {
  const size = fc.integer({ min: 1, max: 24 });
  const isTurned = fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.boolean() });

  for (const precision of ['f32', 'f64'] as const) {
    it(`in ${precision}, for every size and however the factors lie`, () => {
      fc.assert(
        fc.property(
          fc.tuple(size, size, size),
          isTurned,
          fc.boolean(),
          fc.nat(1000),
          (sizes, turned, continues, seed) => check(precision, sizes, turned, continues, seed),
        ),
        { numRuns: 200 },
      );
    });
  }

  it('beyond the blocks of depth and rows', () => {
    check('f32', [268, 19, 811], { a: false, b: false, c: false }, false, 1);
    check('f32', [261, 9, 401], { a: true, b: true, c: true }, true, 2);
  });
});
