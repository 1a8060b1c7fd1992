import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { createCompute, type Compute } from '#main/services/compute.ts';
import { pairPictureFor } from '#main/services/pair-pictures.ts';
import { planOf as planOfStored } from '#main/services/tensor-plan.ts';
import { countOf, laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import { codesOf, meaningOf, numberOf, REAL_DTYPES } from '#test/kit/number-kinds.ts';
import type { HeatMap, PairPicture } from '#shared/commands/tensor.ts';
import type { Histogram } from '#shared/statistics.ts';

const inline = createCompute(undefined);

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
        const picture = await pairPictureFor(inline, { a: planOf(a), b: planOf(b), bins: 7, cells }, {});
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
    const picture = await pairPictureFor(inline, { a: a!, b: b!, bins: 2, cells: 4 }, {});
    expect(Object.keys(picture)).toEqual(['a', 'b']);
    expect([...picture.a.counts]).toEqual([3, 3]);
  });
});

describe('a picture of two large tensors', () => {
  /** More than one part: 33 windows and some elements, in rows that windows cut. */
  const SHAPE = [2309, 3749] as const;
  const COUNT = SHAPE[0] * SHAPE[1];
  const WINDOW = 2 ** 18;
  const noise = (index: number, salt: number) => {
    const mixed = Math.imul(index + salt, 2_654_435_761) >>> 0;
    return ((mixed % 20_011) - 10_005) * 2 ** ((mixed >>> 24) / 8 - 20);
  };
  const valuesOfSide = (salt: number) => {
    const values = new Float32Array(COUNT);
    for (let index = 0; index < COUNT; index++) values[index] = noise(index, salt);
    if (salt !== 1) return values;
    values[33 * WINDOW] = NaN;
    // of one cell, before and behind the end of the first part: what is added between them is lost
    values[2200 * SHAPE[1] + 2100] = 2 ** 100;
    values[2240 * SHAPE[1] + 2100] = -(2 ** 100);
    return values;
  };

  it('is the same to the last bit, whatever the number of threads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pair-pictures-'));
    try {
      const sides = [valuesOfSide(1), valuesOfSide(77)] as const;
      const planIn = async (values: Float32Array, name: string) => {
        const path = join(folder, name);
        writeFileSync(path, values);
        const storage = {
          ...({ kind: 'dense', source: 0, offset: 0, byteOrder: 'little' } as const),
          byteLength: 4 * COUNT,
        };
        return planOfStored({ name, dtype: 'f32', shape: SHAPE, storage }, [await fileSource(path)]);
      };
      const question = {
        a: await planIn(sides[0], 'a'),
        b: await planIn(sides[1], 'b'),
        bins: 50,
        cells: 40,
      };
      const pictures: PairPicture[] = [];
      for (const width of [1, 2, 8]) {
        let tasks = 0;
        const run: Compute['run'] = (name, task, pass) => {
          tasks++;
          return inline.run(name, task, pass);
        };
        let read = 0;
        const pass = { onRead: (byteLength: number) => (read += byteLength) };
        pictures.push(await pairPictureFor({ ...inline, width, run }, question, pass));
        // either side is read twice
        expect([read, tasks]).toEqual([4 * 4 * COUNT, width === 1 ? 2 : 4]);
      }
      const [one, two, eight] = pictures;
      expect(two).toEqual(one);
      expect(eight).toEqual(one);

      const { heatMap, difference, a } = one!;
      const [sums, counts] = [new Float64Array(1600), new Float64Array(1600)];
      let [least, most] = [Infinity, -Infinity];
      for (let index = 0; index < COUNT; index++) {
        const between = sides[0][index]! - sides[1][index]!;
        if (Number.isNaN(between)) continue;
        const row = Math.floor((Math.floor(index / SHAPE[1]) * 40) / SHAPE[0]);
        const cell = row * 40 + Math.floor(((index % SHAPE[1]) * 40) / SHAPE[1]);
        sums[cell]! += between;
        counts[cell]!++;
        least = Math.min(least, between);
        most = Math.max(most, between);
      }
      expect([heatMap!.min, heatMap!.max]).toEqual([least, most]);
      const bound = Math.max(-least, most) * 2 ** -40;
      heatMap!.mean.forEach((mean, cell) => {
        const plain = sums[cell]! / counts[cell]!;
        expect(Math.abs(mean - plain)).toBeLessThanOrEqual(Math.abs(plain) * 2 ** -23 + bound);
      });
      expect(heatMap!.flags.reduce((marked, flag) => marked + flag, 0)).toBe(1);
      const counted = ({ counts: bins }: Histogram) => [...bins].reduce((sum, bin) => sum + bin, 0);
      expect([counted(a), counted(difference!), difference!.nan]).toEqual([COUNT - 1, COUNT - 1, 1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
