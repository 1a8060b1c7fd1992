import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decode } from '#main/kernels/decode.ts';
import { heatSampler, stackedCells, type HeatCells, type HeatGrid } from '#main/kernels/heat-map.ts';
import { placeNumbers } from '#main/kernels/numbers.ts';
import { elementByteLength } from '#shared/dtype.ts';

const DTYPES = [
  ...['f64', 'f32', 'f16', 'bf16', 'f8_e4m3', 'f8_e5m2', 'f8_e4m3fnuz', 'f8_e5m2fnuz', 'f8_e8m0'],
  ...['i64', 'i32', 'i16', 'i8', 'u64', 'u32', 'u16', 'u8', 'bool', 'f80'],
];

/** Element by element, as the words of `HeatGrid` say. */
function plainCells(
  { rows, columns, cellRows, cellColumns }: HeatGrid,
  values: ArrayLike<number>,
): HeatCells {
  const cells = Array.from({ length: cellRows * cellColumns }, () => ({ finite: [] as number[], flags: 0 }));
  for (let index = 0; index < rows * columns; index++) {
    const row = Math.floor((Math.floor(index / columns) * cellRows) / rows);
    const column = Math.floor(((index % columns) * cellColumns) / columns);
    const cell = cells[row * cellColumns + column]!;
    const value = values[index]!;
    if (Number.isNaN(value)) cell.flags |= 1;
    else if (!Number.isFinite(value)) cell.flags |= 2;
    else cell.finite.push(value);
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const all = cells.flatMap(({ finite }) => finite);
  return {
    rows: cellRows,
    columns: cellColumns,
    mean: Float32Array.from(cells, ({ finite }) => (finite.length === 0 ? NaN : sum(finite) / finite.length)),
    least: Float32Array.from(cells, ({ finite }) => (finite.length === 0 ? NaN : Math.min(...finite))),
    most: Float32Array.from(cells, ({ finite }) => (finite.length === 0 ? NaN : Math.max(...finite))),
    flags: Uint8Array.from(cells, ({ flags }) => flags),
    min: Math.min(...all),
    max: Math.max(...all),
  };
}

/** Of what is not a sum, every bit; of means, what another order of adding leaves of a float. */
function expectAlike(found: HeatCells, plain: HeatCells, values: ArrayLike<number>): void {
  const { mean, ...rest } = found;
  const { mean: plainMean, ...plainRest } = plain;
  expect(rest).toEqual(plainRest);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) largest = Math.max(largest, Math.abs(values[i]!));
  }
  mean.forEach((own, cell) => {
    const other = plainMean[cell]!;
    expect(Number.isNaN(own)).toBe(Number.isNaN(other));
    const bound = Math.abs(other) * 2 ** -22 + largest * 2 ** -40;
    if (!Number.isNaN(own) && own !== other) expect(Math.abs(own - other)).toBeLessThanOrEqual(bound);
  });
}

function sampled(grid: HeatGrid, dtype: string, bytes: Uint8Array, cuts: readonly number[]): HeatCells {
  const width = elementByteLength(dtype);
  const sampler = heatSampler(grid);
  const ends = [...new Set(cuts.map((cut) => cut % (grid.rows * grid.columns + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, grid.rows * grid.columns]) {
    sampler.add(start, placeNumbers(dtype, bytes.slice(start * width, end * width)));
    start = end;
  }
  const cells = sampler.cells();
  sampler.release();
  return cells;
}

const grids = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat())
  .map(([rows, columns, a, b]) => ({
    rows,
    columns,
    cellRows: 1 + (a % rows),
    cellColumns: 1 + (b % columns),
  }));

function noise(length: number, seed: number): Uint8Array {
  let state = (seed % 2147483646) + 1;
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) >>> 8);
}

describe.each(DTYPES)('cells of %s', (dtype) => {
  it('are those of the plain loop, wherever the windows are cut', () => {
    fc.assert(
      fc.property(grids, fc.nat(2 ** 30), fc.array(fc.nat(), { maxLength: 3 }), (grid, seed, cuts) => {
        const count = grid.rows * grid.columns;
        // any bits are x87 numbers of any size; halves of zeros keep them within a double
        const bytes = noise(count * elementByteLength(dtype), seed);
        if (dtype === 'f80')
          bytes.forEach((_, at) => void (at % 16 > 7 && (bytes[at] = at % 16 === 9 ? 0x3f : 0xff)));
        const values = decode(dtype, bytes);
        expectAlike(sampled(grid, dtype, bytes, cuts), plainCells(grid, values), values);
      }),
      { numRuns: 30 },
    );
  });
});

describe('cells', () => {
  const grid = { rows: 50, columns: 1000, cellRows: 7, cellColumns: 13 };
  const numbers = Float32Array.from({ length: 50_000 }, (_, index) => Math.sin(index * 12.9898) * 1e3 + 0.5);
  numbers.set([NaN, 1, Infinity, -Infinity, 3.4e38, -3.4e38], 777);
  numbers.fill(NaN, 20_000, 30_000);
  const bytes = new Uint8Array(numbers.buffer);

  it('of long runs are those of the plain loop, values that are not finite among them', () => {
    expectAlike(sampled(grid, 'f32', bytes, [8191, 20_480]), plainCells(grid, numbers), numbers);
    const doubles = Float64Array.from(numbers);
    const wide = sampled(grid, 'f64', new Uint8Array(doubles.buffer), [4095]);
    expectAlike(wide, plainCells(grid, doubles), doubles);
  });

  it('of doubles whose sum has no number keep the extremes', () => {
    const huge = new Float64Array(32).fill(1.5e308);
    const one = { rows: 1, columns: 32, cellRows: 1, cellColumns: 1 };
    const { min, max, flags } = sampled(one, 'f64', new Uint8Array(huge.buffer), []);
    expect([min, max, flags[0]]).toEqual([1.5e308, 1.5e308, 0]);
  });

  it('looked at in parts are the same, one under the other', () => {
    const parts = [0, 3, 4, 7].map((row) => [row, Math.ceil((row * 50) / 7) * 1000] as const);
    const stacked = stackedCells(
      parts.slice(1).map(([to, end], index) => {
        const [from, begin] = parts[index]!;
        const sampler = heatSampler(grid, from, to);
        sampler.add(begin, placeNumbers('f32', bytes.slice(begin * 4, end * 4)));
        const cells = sampler.cells();
        sampler.release();
        return cells;
      }),
    );
    expect(stacked).toEqual(sampled(grid, 'f32', bytes, []));
  });

  it('of nothing are none', () => {
    const none = { rows: 0, columns: 5, cellRows: 0, cellColumns: 5 };
    expect(sampled(none, 'f32', new Uint8Array(0), [])).toMatchObject({
      rows: 0,
      min: Infinity,
      max: -Infinity,
    });
  });
});
