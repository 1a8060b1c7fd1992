import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pairTask } from '#main/services/tasks/pair.ts';
import { countOf, laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import { codesOf, meaningOf, numberOf, REAL_DTYPES } from '#test/kit/number-kinds.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import type { Histogram } from '#shared/statistics.ts';

interface Side {
  readonly dtype: string;
  readonly codes: readonly bigint[];
  readonly placement: Placement;
}

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
  fc.tuple(fc.integer({ min: 600, max: 700 })),
  fc.constantFrom([0], [3, 0, 2]),
);

function sides(shape: readonly number[]): fc.Arbitrary<Side> {
  const count = countOf(shape);
  return fc.constantFrom(...REAL_DTYPES).chain((dtype) =>
    fc.record({
      dtype: fc.constant(dtype),
      codes: fc.array(codesOf(dtype), { minLength: count, maxLength: count }),
      placement: placements(fc.constant(shape)),
    }),
  );
}

const planOf = ({ dtype, placement, codes }: Side) => laidOut(dtype, placement, (index) => codes[index]!);
const valuesOf = ({ dtype, codes }: Side) => codes.map((code) => numberOf(meaningOf(dtype, code)));
const finiteOf = (values: readonly number[]) => values.filter(Number.isFinite);

/** That bins reach over a range, and hold what a search through their edges finds. */
function expectBins(
  { edges, counts, ...outside }: Histogram,
  values: readonly number[],
  range: readonly number[],
) {
  const [low, high] = [Math.min(...range), Math.max(...range)];
  if (low < high) expect([edges[0]! + 0, edges.at(-1)! + 0]).toEqual([low + 0, high + 0]);
  const finite = finiteOf(values);
  const last = edges.length - 2;
  const expected = new Array<number>(counts.length).fill(0);
  for (const value of finite) {
    const after = [...edges].findIndex((edge) => edge > value);
    expected[after < 0 ? last : after - 1]!++;
  }
  expect([...counts]).toEqual(expected);
  expect(outside).toMatchObject({
    below: 0,
    above: 0,
    nan: values.filter(Number.isNaN).length,
    positiveInfinity: values.filter((value) => value === Infinity).length,
    negativeInfinity: values.filter((value) => value === -Infinity).length,
  });
}

/** The shape of a picture: leading axes one under the other, a vector as one row. */
function matrixOf(shape: readonly number[]): readonly [rows: number, columns: number] {
  return shape.length < 2 ? [1, countOf(shape)] : [countOf(shape.slice(0, -1)), shape.at(-1)!];
}

function expectPicture(
  map: HeatMap,
  values: readonly number[],
  shape: readonly number[],
  cells: number,
): void {
  const [rows, columns] = matrixOf(shape);
  expect([map.sliceRows, map.sliceColumns]).toEqual([rows, columns]);
  expect([map.rows, map.columns]).toEqual([Math.min(rows, cells), Math.min(columns, cells)]);
  const finite = finiteOf(values);
  const ends = finite.length === 0 ? [] : [Math.min(...finite) + 0, Math.max(...finite) + 0];
  expect([map.min, map.max].filter((end) => end !== undefined).map((end) => end + 0)).toEqual(ends);
  if (map.rows < rows || map.columns < columns) return;
  expect([...map.mean].map((mean) => mean + 0)).toEqual(
    values.map((value) => (Number.isFinite(value) ? Math.fround(value) + 0 : NaN)),
  );
}

describe('a picture of two tensors of any dtypes, however they are laid out,', () => {
  it('has both on the same bins, and what is between them', async () => {
    const cases = shapes.chain((shape) => fc.tuple(sides(shape), sides(shape)));
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(3, 64), async ([a, b], cells) => {
        const picture = await pairTask({ a: planOf(a), b: planOf(b), bins: 7, cells }, {});
        const [left, right] = [valuesOf(a), valuesOf(b)];
        // NumPy's range of nothing is 0 to 1
        const ranges = [left, right].map((values) =>
          finiteOf(values).length === 0 ? [0, 1] : finiteOf(values),
        );
        expectBins(picture.a, left, ranges.flat());
        expectBins(picture.b, right, ranges.flat());
        expect([...picture.a.edges]).toEqual([...picture.b.edges]);
        const between = left.map((value, index) => value - right[index]!);
        expectBins(picture.difference!, between, finiteOf(between));
        expectPicture(picture.heatMap!, between, a.placement.shape, cells);
      }),
      { numRuns: 150 },
    );
  });

  it('has nothing between tensors of other shapes', async () => {
    const [a, b] = [
      [2, 3],
      [3, 2],
    ].map((shape) => {
      const placement = { shape, strides: [shape[1]!, 1], origin: 0, extent: 6, isBig: false };
      return planOf({ dtype: 'u8', codes: [0n, 1n, 2n, 3n, 4n, 5n], placement });
    });
    const picture = await pairTask({ a: a!, b: b!, bins: 2, cells: 4 }, {});
    expect(Object.keys(picture)).toEqual(['a', 'b']);
    expect([...picture.a.counts]).toEqual([3, 3]);
  });
});
