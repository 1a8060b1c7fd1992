import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { createCompute } from '#main/services/compute.ts';
import { heatMapAxes } from '#main/services/heat-map-axes.ts';
import { heatMapOf } from '#main/services/heat-maps.ts';
import { profilesOf } from '#main/services/profiles.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { countOf, laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import {
  bitsOf,
  codesOf,
  meaningOf,
  numberOf,
  PARTS,
  REAL_DTYPES,
  type Meaning,
} from '#test/kit/number-kinds.ts';
import { inPackedChunks } from '#test/kit/packed-chunks.ts';
import { LINE_MARKS, type LineMark, type LineProfile } from '#shared/profile.ts';

// so small that tensors in chunks are read in many boxes
vi.mock('#main/bytes/limits.ts', async (original) => ({ ...(await original<object>()), BOX_BYTES: 32 }));

const compute = createCompute(undefined);

/** A tensor, laid out somehow, and the plane of it that is looked at. */
interface Slice {
  readonly plan: TensorPlan;
  /** One row after the other. */
  readonly meanings: readonly (readonly Meaning[])[];
  readonly rowAxis: number;
  readonly columnAxis: number;
  readonly indices: readonly number[];
  /** The most along either side. */
  readonly cells: number;
}

/** Any codes, or a few only, so that whole lines are alike. */
function codeLists(dtype: string, count: number): fc.Arbitrary<bigint[]> {
  const exactly = { minLength: count, maxLength: count };
  const few = fc.array(fc.oneof(codesOf(dtype), fc.constant(0n)), { minLength: 1, maxLength: 2 });
  return fc.oneof(
    fc.array(codesOf(dtype), exactly),
    few.chain((codes) => fc.array(fc.constantFrom(...codes), exactly)),
  );
}

/** One tensor of these codes: at strides, or in packed chunks. */
function plans(dtype: string, placement: Placement, codes: readonly bigint[]): fc.Arbitrary<TensorPlan> {
  const { shape, isBig } = placement;
  const codeAt = (index: number) => codes[index]!;
  const cells = fc.tuple(...shape.map((size) => fc.integer({ min: 1, max: Math.max(1, size) })));
  return fc.oneof(
    fc.constant(laidOut(dtype, placement, codeAt)),
    cells.map((cell) => inPackedChunks(dtype, shape, cell, isBig, codeAt)),
  );
}

function slices(dtype: string): fc.Arbitrary<Slice> {
  const shapes = fc.oneof(
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 }),
    fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 })),
  );
  return placements(shapes).chain((placement) => {
    const { shape } = placement;
    return fc
      .record({
        plan: codeLists(dtype, countOf(shape)).chain((codes) =>
          plans(dtype, placement, codes).map((plan) => ({ plan, codes })),
        ),
        axes: fc.shuffledSubarray([...shape.keys()], { minLength: 2, maxLength: 2 }),
        wanted: fc.array(fc.nat(), { minLength: shape.length, maxLength: shape.length }),
        cells: fc.oneof(fc.constant(64), fc.integer({ min: 1, max: 7 })),
      })
      .map(({ plan: { plan, codes }, axes, wanted, cells }) => {
        const [rowAxis, columnAxis] = axes as [number, number];
        const indices = shape.map((size, axis) => wanted[axis]! % size);
        const flat = (row: number, column: number) =>
          shape.reduce((at, size, axis) => {
            const along = axis === rowAxis ? row : axis === columnAxis ? column : indices[axis]!;
            return at * size + along;
          }, 0);
        const meanings = numbered(shape[rowAxis]!, (row) =>
          numbered(shape[columnAxis]!, (column) => meaningOf(dtype, codes[flat(row, column)]!)),
        );
        return { plan, meanings, rowAxis, columnAxis, indices, cells };
      });
  });
}

function numbered<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const questionOf = ({ plan, rowAxis, columnAxis, indices, cells }: Slice) => ({
  plan,
  ...heatMapAxes(plan.tensor.shape, rowAxis, columnAxis, indices),
  cells,
});

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const finiteOf = (values: readonly number[]) => values.filter(Number.isFinite);
const largestOf = (values: readonly number[]) => Math.max(0, ...values.map(Math.abs));

/** What another order of adding leaves of a sum of numbers no larger than this; sums that leave the doubles are tried with the kernels. */
function expectNear(found: number, expected: number, largest: number, precision: number): void {
  if (Number.isNaN(expected)) return expect(found).toBeNaN();
  if (largest > 1e150) return;
  if (found !== expected) {
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(precision * Math.abs(expected) + 1e-13 * largest);
  }
}

describe.each(REAL_DTYPES)('a slice of %s, along any axes and however it is laid out,', (dtype) => {
  it('has the picture that its values make, cell by cell', async () => {
    await fc.assert(
      fc.asyncProperty(slices(dtype), async (slice) => {
        const numbers = slice.meanings.map((row) => row.map(numberOf));
        const [rows, columns] = [numbers.length, numbers[0]!.length];
        const [cellRows, cellColumns] = [Math.min(rows, slice.cells), Math.min(columns, slice.cells)];
        const cells = numbered(cellRows * cellColumns, (): number[] => []);
        numbers.forEach((row, y) =>
          row.forEach((value, x) => {
            const cell =
              Math.floor((y * cellRows) / rows) * cellColumns + Math.floor((x * cellColumns) / columns);
            cells[cell]!.push(value);
          }),
        );
        const map = await heatMapOf(compute, questionOf(slice), {});
        expect([map.rows, map.columns, map.sliceRows, map.sliceColumns]).toEqual([
          cellRows,
          cellColumns,
          rows,
          columns,
        ]);
        const all = finiteOf(numbers.flat());
        const ends = all.length === 0 ? [undefined, undefined] : [Math.min(...all) + 0, Math.max(...all) + 0];
        expect([map.min, map.max].map((end) => (end === undefined ? end : end + 0))).toEqual(ends);
        expect([...map.flags]).toEqual(
          cells.map((values) => {
            const isInfinite = values.some((value) => Math.abs(value) === Infinity);
            return (values.some(Number.isNaN) ? 1 : 0) + (isInfinite ? 2 : 0);
          }),
        );
        const single = (value: number) => (Number.isFinite(value) ? Math.fround(value) + 0 : NaN);
        const extremes = (pick: (...values: number[]) => number) =>
          cells.map((values) =>
            finiteOf(values).length === 0 ? NaN : Math.fround(pick(...finiteOf(values))) + 0,
          );
        const isShared = cellRows < rows || cellColumns < columns;
        if (isShared) {
          expect([...map.least!].map((value) => value + 0)).toEqual(extremes(Math.min));
          expect([...map.most!].map((value) => value + 0)).toEqual(extremes(Math.max));
        } else {
          expect([...map.mean].map((value) => value + 0)).toEqual(numbers.flat().map(single));
        }
        cells.forEach((values, cell) => {
          const finite = finiteOf(values);
          const mean = finite.length === 0 ? NaN : Math.fround(total(finite) / finite.length);
          expectNear(map.mean[cell]!, mean, largestOf(finite), 2 ** -22);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('has the rows and columns that its values make', async () => {
    await fc.assert(
      fc.asyncProperty(slices(dtype), async (slice) => {
        const { rows, columns } = await profilesOf(compute, questionOf(slice), {});
        const turned = slice.meanings[0]!.map((_, column) => slice.meanings.map((row) => row[column]!));
        expectLines(rows, slice.meanings, slice.cells);
        expectLines(columns, turned, slice.cells);
      }),
      { numRuns: 20 },
    );
  });
});

function markOf(line: readonly Meaning[]): LineMark | undefined {
  const values = line.map(numberOf);
  if (values.some((value) => !Number.isFinite(value))) return 'unsound';
  if (values.every((value) => value === 0)) return 'dead';
  // by what they are: doubles cannot tell all whole numbers apart
  const kinds = new Set(line.map((meaning) => (typeof meaning === 'object' ? meaning.significand : meaning)));
  const isOne = values.every((value) => value === values[0]) && (kinds.size === 1 || !isWhole(line));
  return isOne && line.length > 1 ? 'constant' : undefined;
}

function isWhole(line: readonly Meaning[]): boolean {
  return line.every((meaning) => typeof meaning === 'object' && meaning.power === 0);
}

function expectLines(found: LineProfile, lines: readonly (readonly Meaning[])[], most: number): void {
  const count = Math.min(lines.length, most);
  const cells = numbered(count, (): (readonly Meaning[])[] => []);
  lines.forEach((line, index) => cells[Math.floor((index * count) / lines.length)]!.push(line));
  expect([found.lines, found.length, found.cells]).toEqual([lines.length, lines[0]!.length, count]);
  for (const mark of Object.keys(LINE_MARKS) as LineMark[]) {
    const first = lines.flatMap((line, index) => (markOf(line) === mark ? [index] : []));
    expect(found[mark]).toEqual({ count: first.length, first });
  }
  cells.forEach((members, cell) => {
    const values = members.map((line) => line.map(numberOf));
    const finite = finiteOf(values.flat());
    const marks = new Set(members.map(markOf));
    expect(found.marks[cell]).toBe(
      [...marks].reduce((sum, mark) => sum + (mark === undefined ? 0 : LINE_MARKS[mark]), 0),
    );
    expect(found.zeros[cell]).toBe(finite.filter((value) => value === 0).length);
    expect(found.notFinite[cell]).toBe(values.flat().length - finite.length);
    const largest = largestOf(finite);
    const isEmpty = finite.length === 0;
    expect([found.min[cell]! + 0, found.max[cell]! + 0]).toEqual(
      isEmpty ? [NaN, NaN] : [Math.min(...finite) + 0, Math.max(...finite) + 0],
    );
    expectNear(found.mean[cell]!, isEmpty ? NaN : total(finite) / finite.length, largest, 0);
    const norms = values.flatMap((line) =>
      finiteOf(line).length === 0 ? [] : [Math.hypot(...finiteOf(line))],
    );
    expectNear(found.leastNorm[cell]!, isEmpty ? NaN : Math.min(...norms), largest, 1e-12);
    expectNear(found.mostNorm[cell]!, isEmpty ? NaN : Math.max(...norms), largest, 1e-12);
  });
}

/** Of a complex element, NaN where a part is one, else an infinity where a part is one, the positive one first. */
function kindOf(parts: readonly Meaning[]): Meaning {
  return (['nan', 'infinity', '-infinity'] as const).find((kind) => parts.includes(kind)) ?? parts[0]!;
}

describe.each([...REAL_DTYPES, ...Object.keys(PARTS)])('what is not finite in %s', (dtype) => {
  it('is counted, and the first of it found, however the tensor is laid out', async () => {
    const part = PARTS[dtype] ?? dtype;
    const partBits = BigInt(bitsOf(part));
    const partsOf = (code: bigint) =>
      part === dtype ? [code] : [BigInt.asUintN(Number(partBits), code), code >> partBits];
    const shapes = fc.oneof(
      fc.array(fc.nat(5), { maxLength: 4 }),
      fc.tuple(fc.integer({ min: 70, max: 200 })),
    );
    const cases = placements(shapes).chain((placement) => {
      return codeLists(dtype, countOf(placement.shape)).chain((codes) =>
        fc.tuple(plans(dtype, placement, codes), fc.constant(codes)),
      );
    });
    await fc.assert(
      fc.asyncProperty(cases, async ([plan, codes]) => {
        const kinds = codes.map((code) => kindOf(partsOf(code).map((own) => meaningOf(part, own))));
        const { first, ...counts } = await nonFiniteTask({ plan }, {});
        const count = (kind: Meaning) => kinds.filter((other) => other === kind).length;
        expect(counts).toEqual({
          nan: count('nan'),
          positiveInfinity: count('infinity'),
          negativeInfinity: count('-infinity'),
        });
        const at = kinds.findIndex((kind) => typeof kind === 'string');
        expect(first).toBe(at < 0 ? undefined : at);
      }),
      { numRuns: 30 },
    );
  });
});
