import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mergedSketch, sketchedBins } from '#main/kernels/sketch.ts';
import { histogramTask } from '#main/services/tasks/histogram.ts';
import { sketchTask } from '#main/services/tasks/sketch.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import { laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import {
  bitsOf,
  codesOf,
  isFinite,
  meaningOf,
  numberOf,
  REAL_DTYPES,
  type Finite,
} from '#test/kit/number-kinds.ts';

/** Codes of a dtype wherever they lie: none, one, any odd number; now and then the same one throughout, such as a NaN. */
function cases(dtype: string): fc.Arbitrary<readonly [codes: readonly bigint[], placement: Placement]> {
  const code = codesOf(dtype);
  const lists = fc.oneof(
    fc.array(code, { maxLength: 70 }),
    fc.tuple(code, fc.nat(9)).map(([one, count]) => new Array<bigint>(count).fill(one)),
  );
  return lists.chain((codes) =>
    placements(fc.constant([codes.length])).map((placement) => [codes, placement] as const),
  );
}

const planOf = (dtype: string, codes: readonly bigint[], placement: Placement) =>
  laidOut(dtype, placement, (index) => codes[index]!);

/** The least magnitude with a mantissa of full length, or 0; by the papers on the formats. */
const SMALLEST_NORMAL: Readonly<Record<string, number>> = {
  ...{ f64: 2 ** -1022, f80: 2 ** -1022, f32: 2 ** -126, bf16: 2 ** -126, f16: 2 ** -14, f8_e5m2: 2 ** -14 },
  ...{ f8_e4m3: 2 ** -6, f8_e5m2fnuz: 2 ** -15, f8_e4m3fnuz: 2 ** -7, f6_e2m3: 1, f6_e3m2: 0.25, f4_e2m1: 1 },
};

const ascending = (a: number, b: number) => a - b;
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Linear between the two values around its rank. */
function quantile(sorted: readonly number[], probability: number): number {
  const position = probability * (sorted.length - 1);
  const lower = Math.floor(position);
  const upper = Math.min(lower + 1, sorted.length - 1);
  return sorted[lower]! * (1 - (position - lower)) + sorted[upper]! * (position - lower);
}

function expectNear(found: unknown, expected: number, bound: number): void {
  expect(Math.abs(Number(found) - expected)).toBeLessThanOrEqual(bound);
}

describe.each(REAL_DTYPES)('figures of %s', (dtype) => {
  const valuesOf = (codes: readonly bigint[]) => codes.map((code) => numberOf(meaningOf(dtype, code)));

  it('are those of its definition, in either byte order, at any offset and stride', async () => {
    await fc.assert(
      fc.asyncProperty(cases(dtype), async ([codes, placement]) => {
        const values = valuesOf(codes);
        const finite = values.filter(Number.isFinite).sort(ascending);
        const probabilities = [0, 0.1, 0.5, 0.75, 1];
        const { summary } = await summaryTask(
          { plan: planOf(dtype, codes, placement), quantiles: probabilities, isDigestWanted: false },
          {},
        );
        const { min, max, mean, std, l2, quantiles, ...counts } = summary!;
        const tiny = SMALLEST_NORMAL[dtype] ?? 0;
        expect(counts).toEqual({
          count: codes.length,
          nan: values.filter((value) => Number.isNaN(value)).length,
          positiveInfinity: values.filter((value) => value === Infinity).length,
          negativeInfinity: values.filter((value) => value === -Infinity).length,
          zeros: values.filter((value) => value === 0).length,
          denormals: values.filter((value) => value !== 0 && Math.abs(value) < tiny).length,
          exact: true,
        });
        if (finite.length === 0) {
          expect([min, max, mean, std, l2, quantiles]).toEqual([...new Array<undefined>(5), {}]);
          return;
        }
        expect([min, max].map(Number).map((value) => value + 0)).toEqual([finite[0]! + 0, finite.at(-1) + 0]);
        // the sums of the largest doubles are tried with the kernels, in a unit near them
        const largest = Math.max(-finite[0]!, finite.at(-1));
        if (largest > 1e150 || (largest < 1e-150 && largest > 0)) return;
        const average = total(finite) / finite.length;
        expectNear(mean, average, 1e-14 * largest);
        const deviation = Math.sqrt(total(finite.map((value) => (value - average) ** 2)) / finite.length);
        expectNear(std, deviation, 1e-13 * largest);
        expectNear(l2, Math.hypot(...finite), 1e-13 * Math.hypot(...finite));
        for (const probability of probabilities) {
          expectNear(quantiles[String(probability)], quantile(finite, probability), 1e-14 * largest);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('in bins are counted as its values are', async () => {
    await fc.assert(
      fc.asyncProperty(cases(dtype), async ([codes, placement]) => {
        const range = [-2, 6] as const;
        const plan = planOf(dtype, codes, placement);
        const { edges, counts, below, above } = await histogramTask({ plan, bins: 5, range }, {});
        const values = valuesOf(codes).filter(Number.isFinite);
        const within = (from: number, to: number, isLast: boolean) =>
          values.filter((value) => value >= from && (value < to || (isLast && value === to))).length;
        const expected = Array.from({ length: 5 }, (_, bin) =>
          within(edges[bin]!, edges[bin + 1]!, bin === 4),
        );
        expect([...counts]).toEqual(expected);
        expect([below, above]).toEqual([
          values.filter((value) => value < -2).length,
          values.filter((value) => value > 6).length,
        ]);
      }),
      { numRuns: 20 },
    );
  });

  it('among more values than are sorted have their quantiles, too', async () => {
    const few = fc.sample(codesOf(dtype), { numRuns: 4000, seed: 7 });
    // other low bits each time, so that few values of a wide dtype come twice
    const codes = Array.from({ length: 33_001 }, (_, index) => {
      const others = BigInt(Math.floor(index / few.length) % 2 ** Math.min(4, bitsOf(dtype)));
      return few[(index * 7919) % few.length]! ^ others;
    });
    const placement = {
      shape: [codes.length],
      strides: [2],
      origin: 3,
      extent: 2 * codes.length + 3,
      isBig: true,
    };
    const finite = valuesOf(codes).filter(Number.isFinite).sort(ascending);
    const probabilities = [0, 0.001, 0.1, 0.25, 0.37, 0.5, 0.68, 0.9, 0.999, 1];
    const task = { plan: planOf(dtype, codes, placement), quantiles: probabilities, isDigestWanted: false };
    const { summary } = await summaryTask(task, {});
    for (const probability of probabilities) {
      const expected = quantile(finite, probability);
      expectNear(
        summary!.quantiles[String(probability)],
        expected,
        1e-14 * Math.abs(expected) + Number.MIN_VALUE,
      );
    }
  });

  it('in a sketch count every value, and bins of it hold none twice', async () => {
    await fc.assert(
      fc.asyncProperty(cases(dtype), async ([codes, placement]) => {
        const sketch = mergedSketch([await sketchTask({ plan: planOf(dtype, codes, placement) }, {})]);
        const values = valuesOf(codes);
        const finite = values.filter(Number.isFinite);
        expect([sketch.count, sketch.finite, total([...sketch.codeCounts])]).toEqual([
          codes.length,
          finite.length,
          codes.length,
        ]);
        expect([sketch.min + 0, sketch.max + 0]).toEqual([Math.min(...finite) + 0, Math.max(...finite) + 0]);
        const histogram = sketchedBins(sketch, Float64Array.of(-2, 0, 2));
        if (!histogram) return;
        const { counts, below, above } = histogram;
        expect(total([...counts]) + below + above).toBe(finite.length);
        if (bitsOf(dtype) > 16) return;
        expect([...counts]).toEqual([
          finite.filter((value) => value >= -2 && value < 0).length,
          finite.filter((value) => value >= 0 && value <= 2).length,
        ]);
      }),
      { numRuns: 20 },
    );
  });
});

describe.each(['i64', 'u64'])('extremes and quantiles of %s', (dtype) => {
  it('are whole numbers to the last digit', async () => {
    await fc.assert(
      fc.asyncProperty(cases(dtype), async ([codes, placement]) => {
        const sorted = codes
          .map((code) => meaningOf(dtype, code))
          .filter(isFinite)
          .map(({ significand }: Finite) => significand)
          .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        const { summary } = await summaryTask(
          { plan: planOf(dtype, codes, placement), quantiles: [0, 1], isDigestWanted: false },
          {},
        );
        const { min, max, quantiles } = summary!;
        expect([min, max]).toEqual([sorted[0], sorted.at(-1)]);
        if (sorted.length > 0) expect([quantiles['0'], quantiles['1']]).toEqual([sorted[0], sorted.at(-1)]);
      }),
      { numRuns: 40 },
    );
  });
});
