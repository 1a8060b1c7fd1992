import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import {
  addToLines,
  eachLine,
  lineTable,
  mergeLines,
  type LineFigure,
  type LineFigures,
} from '#main/kernels/profile.ts';
import { elementByteLength } from '#shared/dtype.ts';

const DTYPES = [
  ...['f64', 'f32', 'f16', 'bf16', 'f8_e4m3', 'f8_e5m2', 'f8_e4m3fnuz', 'f8_e5m2fnuz', 'f8_e8m0'],
  ...['i64', 'i32', 'i16', 'i8', 'i4', 'u64', 'u32', 'u16', 'u8', 'u4', 'bool'],
];

/** Of one line, value by value. */
function plainFigure(values: readonly number[], exact: readonly (number | bigint)[]): LineFigure {
  const finite = values.filter((value) => Number.isFinite(value));
  return {
    sum: finite.reduce((sum, value) => sum + value, 0),
    least: Math.min(...finite) + 0,
    most: Math.max(...finite) + 0,
    norm: Math.hypot(...finite),
    zeros: finite.filter((value) => value === 0).length,
    notFinite: values.length - finite.length,
    isOneNumber:
      finite.length > 0 &&
      new Set(
        exact
          .filter((value) => finite.length === values.length || Number.isFinite(value))
          .map((value) => (value === 0 ? 0 : value)),
      ).size === 1,
  };
}

function plainSides(rows: number, columns: number, dtype: string, bytes: Uint8Array) {
  const values = [...decode(dtype, bytes)];
  const exact = dtype === 'i64' || dtype === 'u64' ? [...decodeIntegers(dtype, bytes)] : values;
  const line = (indices: readonly number[]) =>
    plainFigure(
      indices.map((index) => values[index]!),
      indices.map((index) => exact[index]!),
    );
  const all = (count: number) => [...new Array(count).keys()];
  return {
    rows: all(rows).map((row) => line(all(columns).map((column) => row * columns + column))),
    columns: all(columns).map((column) => line(all(rows).map((row) => row * columns + column))),
  };
}

/** @param cuts elements before which a new window begins. */
function profiled(rows: number, columns: number, dtype: string, bytes: Uint8Array, cuts: readonly number[]) {
  const width = elementByteLength(dtype);
  const sides = { rows: lineTable(dtype, rows), columns: lineTable(dtype, columns) };
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), rows * columns];
  bounds.slice(1).forEach((end, index) => {
    const begin = bounds[index]!;
    addToLines(sides.rows, sides.columns, begin, bytes.slice(begin * width, end * width));
  });
  const found = {
    rows: listed(sides.rows.figures(), rows),
    columns: listed(sides.columns.figures(), columns),
  };
  sides.rows.release();
  sides.columns.release();
  return found;
}

function listed(figures: LineFigures, count: number): LineFigure[] {
  const list: LineFigure[] = [];
  eachLine(figures, count, (figure) => void list.push(figure));
  return list;
}

/** Of what is no sum, every bit; of sums, what another order of adding leaves. */
function expectAlike(found: readonly LineFigure[], plain: readonly LineFigure[]): void {
  const rest = ({ least, most, zeros, notFinite, isOneNumber }: LineFigure) => {
    return { least, most, zeros, notFinite, isOneNumber };
  };
  expect(found.map(rest)).toEqual(plain.map(rest));
  found.forEach(({ sum, norm, least, most }, line) => {
    const other = plain[line]!;
    const size = Math.max(Math.abs(least), Math.abs(most), 0);
    if (Number.isFinite(other.sum)) expect(Math.abs(sum - other.sum)).toBeLessThanOrEqual(size * 2 ** -40);
    // doubles end before the norm of the largest of them does
    if (other.norm > 0 && other.norm < Infinity) expect(norm / other.norm).toBeCloseTo(1, 12);
    else expect(norm).toBe(other.norm);
  });
}

/** Any bits: every kind of value a dtype has, and in some lines nothing but zeros, one number or NaN. */
function noise(rows: number, columns: number, dtype: string, seed: number): Uint8Array {
  let state = (seed % 2147483646) + 1;
  const next = () => (state = (state * 48_271) % 2_147_483_647) >>> 8;
  const width = elementByteLength(dtype);
  const bytes = Uint8Array.from({ length: rows * columns * width }, () => next() & 255);
  if (dtype === 'bool') bytes.forEach((byte, at) => void (bytes[at] = byte & 1));
  const kinds = [0, 1, 2].map(() => next());
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row * columns + column) * width;
      if (row === kinds[0]! % (2 * rows) || column === kinds[0]! % (2 * columns))
        bytes.fill(0, at, at + width);
      else if (row === kinds[1]! % (2 * rows)) bytes.fill(dtype === 'bool' ? 1 : 0x3c, at, at + width);
      else if (column === kinds[2]! % (2 * columns)) bytes.fill(dtype === 'bool' ? 1 : 0xff, at, at + width);
    }
  }
  return bytes;
}

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  columns: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(2 ** 30),
  cuts: fc.array(fc.nat(2 ** 20), { maxLength: 3 }),
});

describe.each(DTYPES)('lines of %s', (dtype) => {
  it('are those of the plain loop, wherever the windows are cut', () => {
    fc.assert(
      fc.property(cases, ({ rows, columns, seed, cuts }) => {
        const bytes = noise(rows, columns, dtype, seed);
        const within = cuts.map((cut) => cut % (rows * columns + 1));
        const found = profiled(rows, columns, dtype, bytes, within);
        const plain = plainSides(rows, columns, dtype, bytes);
        expectAlike(found.rows, plain.rows);
        expectAlike(found.columns, plain.columns);
      }),
      { numRuns: 40 },
    );
  });
});

describe('lines', () => {
  it('of more rows than a block has are those of the plain loop', () => {
    const bytes = new Uint8Array(
      Float32Array.from({ length: 700 * 7 }, (_, at) => Math.sin(at * 12.9898)).buffer,
    );
    const found = profiled(700, 7, 'f32', bytes, [3333]);
    const plain = plainSides(700, 7, 'f32', bytes);
    expectAlike(found.rows, plain.rows);
    expectAlike(found.columns, plain.columns);
  });

  it('of doubles whose squares have no number keep their norm', () => {
    const values = Float64Array.of(3e200, 4e200, 0, 3e-200, 4e-200, 0, 3e-320, 0, 0, 1e308, 1, -1e-300);
    const { rows, columns } = profiled(4, 3, 'f64', new Uint8Array(values.buffer), []);
    expect(rows.map(({ norm }) => norm / 5e200)[0]).toBeCloseTo(1, 12);
    expect(rows.map(({ norm }) => norm / 5e-200)[1]).toBeCloseTo(1, 12);
    expect(rows[2]!.norm / 3e-320).toBeCloseTo(1, 3);
    expect(rows[3]!.norm).toBe(1e308);
    expect(columns[0]!.norm).toBeCloseTo(1e308, -295);
  });

  it('of doubles on both sides of what squares are scaled below keep their norm', () => {
    const values = Float64Array.of(2 ** -400, ...new Array<number>(12).fill(2 ** -401));
    const { rows } = profiled(1, 13, 'f64', new Uint8Array(values.buffer), []);
    expect(rows[0]!.norm / 2 ** -399).toBeCloseTo(1, 12);
  });

  it('of 64-bit integers that a double cannot tell apart are not one number', () => {
    const values = BigInt64Array.of(2n ** 53n, 2n ** 53n + 1n, 2n ** 53n, 2n ** 53n);
    const { rows, columns } = profiled(2, 2, 'i64', new Uint8Array(values.buffer), []);
    expect(rows.map(({ isOneNumber }) => isOneNumber)).toEqual([false, true]);
    expect(columns.map(({ isOneNumber }) => isOneNumber)).toEqual([true, false]);
  });

  it.each(['f32', 'i64', 'u64'])('of %s, seen in parts, are those of the whole', (dtype) => {
    const bytes = noise(12, 9, dtype, 4711);
    const half = bytes.byteLength / 2;
    const parts = [bytes.slice(0, half), bytes.slice(half)].map((part) => {
      const [rows, columns] = [lineTable(dtype, 6), lineTable(dtype, 9)];
      addToLines(rows, columns, 0, part);
      const { fields } = columns.figures();
      rows.release();
      columns.release();
      return { dtype, lines: 9, fields: fields.slice() };
    });
    mergeLines(parts[0]!, parts[1]!);
    expectAlike(listed(parts[0]!, 9), plainSides(12, 9, dtype, bytes).columns);
  });

  it('that nothing was added to have neither least nor greatest', () => {
    const [rows, columns] = [lineTable('u64', 1), lineTable('u64', 1)];
    addToLines(rows, columns, 0, new Uint8Array(0));
    expect(listed(rows.figures(), 1)).toEqual([
      { sum: 0, least: Infinity, most: -Infinity, norm: 0, zeros: 0, notFinite: 0, isOneNumber: false },
    ]);
    rows.release();
    columns.release();
  });
});
