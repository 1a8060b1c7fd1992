import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { areCasts } from '#main/kernels/casts.ts';
import { placeDecoded } from '#main/kernels/numbers.ts';
import { codesOf, meaningOf, numberOf, REAL_DTYPES, type Meaning } from '#test/kit/number-kinds.ts';
import { isRounded, isRoundedTo, ROUNDED_DTYPES } from '#test/kit/roundings.ts';

type Numbers = (values: readonly number[]) => Float32Array | Float64Array;
const singles: Numbers = (values) => Float32Array.from(values);
const doubles: Numbers = (values) => Float64Array.from(values);

function isCast(
  dtypeA: string,
  a: readonly number[],
  dtypeB: string,
  b: readonly number[],
  numbers = doubles,
) {
  const [left, right] = placeDecoded(numbers(a), numbers(b));
  return areCasts(dtypeA, left, dtypeB, right);
}

/** What PyTorch 2.15 and ml_dtypes 0.6 make of nine numbers. */
const NUMBERS = [0.3, 17, 0.0019, 465, -1e6, 0, NaN, Infinity, 0.7500001];
const ROUNDED: Readonly<Record<string, readonly number[]>> = {
  'f8_e4m3 of PyTorch': [0.3125, 16, 0.001953125, 448, -448, 0, NaN, 448, 0.75],
  'f8_e4m3 of ml_dtypes': [0.3125, 16, 0.001953125, NaN, NaN, 0, NaN, NaN, 0.75],
  f8_e5m2: [0.3125, 16, 0.001953125, 448, -Infinity, 0, NaN, Infinity, 0.75],
  f8_e4m3fnuz: [0.3125, 16, 0.001953125, NaN, NaN, 0, NaN, NaN, 0.75],
  f8_e5m2fnuz: [0.3125, 16, 0.001953125, 448, NaN, 0, NaN, NaN, 0.75],
  f6_e2m3: [0.25, 7.5, 0, 7.5, -7.5, 0, -0, 7.5, 0.75],
  f6_e3m2: [0.3125, 16, 0, 28, -28, 0, -0, 28, 0.75],
  f4_e2m1: [0.5, 6, 0, 6, -6, 0, -0, 6, 1],
  'f8_e8m0 of PyTorch': [0.25, 16, 2 ** -9, 512, 2 ** 20, 2 ** -127, NaN, NaN, 1],
  'f8_e8m0 of ml_dtypes': [0.25, 16, 2 ** -9, 512, NaN, NaN, NaN, NaN, 1],
};

describe('a cast', () => {
  it.each(Object.entries(ROUNDED))('from f32 is one to %s', (name, rounded) => {
    const [dtype] = name.split(' ') as [string];
    for (const numbers of [singles, doubles]) {
      expect(isCast('f32', NUMBERS, dtype, rounded, numbers)).toBe(true);
      expect(isCast(dtype, rounded, 'f32', NUMBERS, numbers)).toBe(true);
      // each number alone, beside one that is far off, and beside nothing
      for (const at of NUMBERS.keys()) {
        const [value, other] = [[NUMBERS[at]!], [rounded[at]!]];
        expect(isCast('f32', value, dtype, other, numbers)).toBe(true);
        expect(isCast('f32', [...value, 0.3], dtype, [...other, 2], numbers)).toBe(false);
      }
      for (const wrong of [0.125, 0.34375, NaN]) {
        expect(isCast('f32', [0.3], dtype, [wrong], numbers)).toBe(false);
      }
    }
  });

  it('from f64 to f16 may go by way of f32, as with PyTorch, or not, as with NumPy', () => {
    const value = 0.8571777139409483;
    expect(isCast('f64', [value, value], 'f16', [0.857421875, 0.85693359375])).toBe(true);
    expect(isCast('f64', [value], 'f16', [0.85791015625])).toBe(false);
  });

  it('of complex numbers is one of their parts', () => {
    expect(isCast('c128', [0.1, 1], 'c64', [Math.fround(0.1), 1])).toBe(true);
    expect(isCast('c128', [0.1, 1], 'c64', [0.125, 1])).toBe(false);
  });

  it('is none to dtypes that nothing is rounded to', () => {
    expect(isCast('f32', [0.75], 'i8', [1])).toBe(false);
    expect(isCast('i8', [1], 'u8', [1])).toBe(false);
  });

  it.each(ROUNDED_DTYPES.filter((dtype) => dtype !== 'f64'))('to %s is what the definition says', (dtype) => {
    const codes = codesOf(dtype);
    const nudges = fc.constantFrom(0, 0, 2 ** -52, -(2 ** -52), 2 ** -24, -(2 ** -24), 2 ** -30, 0.3);
    const near = fc
      .record({ code: codes, other: codes, nudge: nudges, share: fc.constantFrom(0, 0.5, 0.5, 0.25) })
      .map(({ code, other, nudge, share }) => {
        // on the way from one number to another, half way most of all, and a little to either side of it
        const [from, to] = [code, code % 2n === 0n ? code ^ 1n : other].map((each) =>
          numberOf(meaningOf(dtype, each)),
        );
        return { value: (from! + (to! - from!) * share) * (1 + nudge), code };
      });
    const values = fc.oneof(near, fc.record({ value: fc.double(), code: codes }));
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 3 }), fc.boolean(), (few, areSingle) => {
        // each of them often enough to fill a vector
        const list = few.flatMap((each) => [each, each, each, each]);
        const left = list.map(({ value }) => (areSingle ? Math.fround(value) : value));
        const right = list.map(({ code }) => meaningOf(dtype, code));
        const expected = left.every(
          (value, at) =>
            value === numberOf(right[at]!) || isRounded(meaningOfDouble(value), dtype, right[at]!),
        );
        const numbers = areSingle ? singles : doubles;
        const wide = areSingle ? 'f32' : 'i64';
        expect(isCast(wide, left, dtype, right.map(numberOf), numbers)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('between any two dtypes is one if either is the other rounded', () => {
    const dtypes = fc.constantFrom(...REAL_DTYPES.filter((dtype) => !['f80', 'i64', 'u64'].includes(dtype)));
    const sides = fc.tuple(dtypes, dtypes).chain(([a, b]) =>
      fc.record({
        a: fc.constant(a),
        b: fc.constant(b),
        pairs: fc.array(fc.tuple(codesOf(a), codesOf(b)), { minLength: 1, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(sides, ({ a, b, pairs }) => {
        const meanings = pairs.map(([x, y]): [Meaning, Meaning] => [meaningOf(a, x), meaningOf(b, y)]);
        const expected =
          (isRoundedTo(a) || isRoundedTo(b)) &&
          meanings.every(([x, y]) => numberOf(x) === numberOf(y) || isRounded(x, b, y) || isRounded(y, a, x));
        const numbers = meanings.map(([x, y]) => [numberOf(x), numberOf(y)] as const);
        const [left, right] = [numbers.map(([x]) => x), numbers.map(([, y]) => y)];
        expect(isCast(a, left, b, right)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
  });
});

/** A double as what its bits mean. */
function meaningOfDouble(value: number): Meaning {
  return meaningOf('f64', new BigUint64Array(Float64Array.of(value).buffer)[0]!);
}
