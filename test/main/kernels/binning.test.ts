import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countInto, emptyBins, equalEdges } from '#main/kernels/binning.ts';
import { decode } from '#main/kernels/decode.ts';
import { readStatisticsOracle } from '#test/kit/statistics-oracle.ts';
import { doubleWindows, floatWindows } from '#test/kit/kernel-windows.ts';
import { hasOracles } from '#test/kit/shared-files.ts';

describe.skipIf(!hasOracles)('counts equal numpy.histogram for the same edges', () => {
  const oracle = hasOracles ? readStatisticsOracle() : undefined;
  for (const [name, answers] of Object.entries(oracle?.arrays ?? {})) {
    for (const bins of [16, 64, 1000] as const) {
      const expected = answers[`histogram${bins}`];
      if (!expected) continue;
      it(`${name}, ${bins} bins`, () => {
        const { dtype, bytes } = oracle!.bytesOf(name);
        const counted = emptyBins(bins);
        countInto(counted, Float64Array.from(expected.edges), decode(dtype, bytes));
        expect([...counted.counts]).toEqual(expected.counts);
        expect([counted.nan, counted.positiveInfinity, counted.negativeInfinity]).toEqual([
          answers.nan,
          answers.posinf,
          answers.neginf,
        ]);
        if (answers.min !== answers.max) {
          expect(
            [...equalEdges(expected.edges[0]!, expected.edges[bins]!, bins)].every(
              (edge, i) =>
                Math.abs(edge - expected.edges[i]!) <=
                1e-15 * Math.max(Math.abs(expected.edges[0]!), Math.abs(expected.edges[bins]!)),
            ),
          ).toBe(true);
        }
      });
    }
  }
});

describe('bins', () => {
  it('of windows long enough for the kernel hold what a search finds, values at the edges included', () => {
    fc.assert(
      fc.property(
        fc.oneof(floatWindows, doubleWindows),
        fc.constantFrom(1, 3, 64, 256, 5000),
        fc.option(
          fc.tuple(
            fc.double({ min: -2, max: 2, noNaN: true }),
            fc.double({ min: 0.001, max: 4, noNaN: true }),
          ),
        ),
        (few, bins, range) => {
          const Kind = few.constructor as Float64ArrayConstructor;
          const sample =
            few.length > 600 ? few : Kind.from({ length: 600 }, (_, i) => few[i % (few.length || 1)] ?? 0);
          const finite = [...sample].filter(Number.isFinite);
          const low = range ? range[0] : Math.min(...finite, 0);
          const high = range ? range[0] + range[1] : Math.max(...finite, 0);
          const edges = equalEdges(low, high, bins);
          // the edges themselves and their neighbours are where an estimate errs
          const values = Kind.from([
            ...sample,
            ...edges.subarray(0, 50),
            ...edges.subarray(0, 50).map((edge) => edge * (1 + 2 ** -23)),
          ]);
          const counted = emptyBins(bins);
          countInto(counted, edges, values);
          const expected = new Array<number>(bins).fill(0);
          const others = { below: 0, above: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
          for (const value of values) {
            if (Number.isNaN(value)) others.nan++;
            else if (value === Infinity) others.positiveInfinity++;
            else if (value === -Infinity) others.negativeInfinity++;
            else if (value < edges[0]!) others.below++;
            else if (value > edges[bins]!) others.above++;
            else {
              const after = edges.findIndex((edge) => value < edge);
              expected[after < 0 ? bins - 1 : Math.max(0, after - 1)]!++;
            }
          }
          expect([...counted.counts]).toEqual(expected);
          expect(counted).toMatchObject(others);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold each value where a search through the edges finds it', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 70 }),
        (values, bins) => {
          const edges = equalEdges(Math.min(...values), Math.max(...values), bins);
          const counted = emptyBins(bins);
          countInto(counted, edges, Float64Array.from(values));
          const expected = new Array<number>(bins).fill(0);
          for (const value of values) {
            let bin = edges.findIndex((edge, i) => i > 0 && value < edge) - 1;
            if (bin < 0) bin = bins - 1;
            expected[bin]!++;
          }
          expect([...counted.counts]).toEqual(expected);
          expect([counted.below, counted.above]).toEqual([0, 0]);
        },
      ),
    );
  });

  it.each([Number.MAX_VALUE, -Number.MAX_VALUE])('hold %d alone, with edges that are finite', (value) => {
    const edges = equalEdges(value, value, 1);
    expect([...edges].every(Number.isFinite)).toBe(true);
    const counted = emptyBins(1);
    countInto(counted, edges, Float64Array.of(value));
    expect([...counted.counts]).toEqual([1]);
  });

  it('count what lies outside the range, and what is no number, apart', () => {
    const counted = emptyBins(2);
    countInto(
      counted,
      Float64Array.of(0, 1, 2),
      Float64Array.of(-1, 0, 0.5, 1, 2, 2.5, NaN, Infinity, -Infinity),
    );
    const { below, above, nan, positiveInfinity, negativeInfinity } = counted;
    expect({ counts: [...counted.counts], below, above, nan, positiveInfinity, negativeInfinity }).toEqual({
      counts: [2, 2],
      below: 1,
      above: 1,
      nan: 1,
      positiveInfinity: 1,
      negativeInfinity: 1,
    });
  });
});
