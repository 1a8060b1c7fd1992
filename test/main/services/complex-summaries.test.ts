import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { summaryTask } from '#main/services/tasks/summary.ts';
import { laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import { bitsOf, codesOf, meaningOf, numberOf, PARTS } from '#test/kit/number-kinds.ts';

type Complex = readonly [re: number, im: number];

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const isFinite = (value: Complex) => value.every(Number.isFinite);

async function summaryOf(dtype: string, codes: readonly bigint[], placement: Placement) {
  const plan = laidOut(dtype, placement, (index) => codes[index]!);
  return (await summaryTask({ plan, quantiles: [0.5], isDigestWanted: false }, {})).summary!;
}

describe.each(Object.entries(PARTS))('figures of %s', (dtype, part) => {
  const bits = bitsOf(part);
  const valueOf = (code: bigint): Complex => [
    numberOf(meaningOf(part, BigInt.asUintN(bits, code))),
    numberOf(meaningOf(part, code >> BigInt(bits))),
  ];

  it('are those of its parts, in either byte order, at any offset and stride', async () => {
    const codes = codesOf(dtype);
    const lists = fc.oneof(
      fc.array(codes, { maxLength: 50 }),
      codes.chain((code) => fc.nat(7).map((count) => new Array<bigint>(count).fill(code))),
    );
    const cases = lists.chain((list) =>
      placements(fc.constant([list.length])).map((placement) => [list, placement] as const),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([list, placement]) => {
        const values = list.map(valueOf);
        const finite = values.filter(isFinite);
        const { mean, std, l2, ...rest } = await summaryOf(dtype, list, placement);
        const infinite = values.filter((value) => !value.some(Number.isNaN) && !isFinite(value));
        expect(rest).toEqual({
          count: list.length,
          nan: values.filter((value) => value.some(Number.isNaN)).length,
          positiveInfinity: infinite.filter((value) => value.includes(Infinity)).length,
          negativeInfinity: infinite.filter((value) => !value.includes(Infinity)).length,
          zeros: finite.filter(([re, im]) => re === 0 && im === 0).length,
          denormals: 0,
          quantiles: {},
          exact: true,
        });
        if (finite.length === 0) {
          expect([mean, std, l2]).toEqual([undefined, undefined, undefined]);
          return;
        }
        const largest = Math.max(...finite.flat().map(Math.abs));
        if (largest > 1e150 || (largest < 1e-150 && largest > 0)) return;
        const average = [0, 1].map((at) => total(finite.map((value) => value[at]!)) / finite.length) as [
          number,
          number,
        ];
        const distances = finite.map(([re, im]) => Math.hypot(re - average[0], im - average[1]));
        const found = [...(mean as Complex), std!, l2!];
        const expected = [
          ...average,
          Math.hypot(...distances) / Math.sqrt(finite.length),
          Math.hypot(...finite.flat()),
        ];
        found.forEach((figure, at) =>
          expect(Math.abs(figure - expected[at]!)).toBeLessThanOrEqual(
            1e-13 * largest * Math.sqrt(finite.length),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });
});

it('figures of complex64 are those of NumPy', async () => {
  const parts = [1, 2, -3, 0.5, 0, 0, NaN, 1, Infinity, -Infinity, 0, -Infinity, 2, -2, -0, 0];
  const words = new BigUint64Array(Float32Array.from(parts).buffer);
  const placement = { shape: [8], strides: [1], origin: 0, extent: 8, isBig: true };
  const summary = await summaryOf('c64', [...words], placement);
  // mean, std and linalg.norm of NumPy 2.4.6 over the five finite ones
  expect(summary).toMatchObject({ count: 8, nan: 1, positiveInfinity: 1, negativeInfinity: 1, zeros: 2 });
  const [re, im] = summary.mean as Complex;
  expect([re, im].map((part) => part.toFixed(15))).toEqual([(0).toFixed(15), (0.1).toFixed(15)]);
  expect(summary.std).toBeCloseTo(2.1071307505705477, 14);
  expect(summary.l2).toBeCloseTo(4.716990566028302, 14);
});
