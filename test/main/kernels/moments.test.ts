import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { deviationOf, emptyMoments, mergeMoments, windowMoments } from '#main/kernels/moments.ts';
import { doubleWindows, floatWindows, shifted } from '#test/kit/kernel-windows.ts';

/** Sums of doubles without any rounding: integers times 2^-1074. */
function exactSum(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + asInteger(value), 0n);
}

function asInteger(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return bits >> 63n ? -magnitude : magnitude;
}

/** Rounds a multiple of 2^-1074 over `divisor` to a double, near enough for a bound of 10^-15. */
function quotient(sum: bigint, divisor: number): number {
  const digits = 80n;
  const scaled = (sum << digits) / BigInt(divisor);
  const bits = scaled.toString(2).length;
  const shift = Math.max(0, bits - 64);
  const head = Number(scaled >> BigInt(shift));
  const exponent = shift - Number(digits) - 1074;
  const half = Math.trunc(exponent / 2);
  return head * 2 ** half * 2 ** (exponent - half);
}

interface Plain {
  readonly counts: readonly number[];
  readonly finite: readonly number[];
  readonly mean: number;
}

function plain(values: readonly number[], tiny: number): Plain {
  const finite = values.filter(Number.isFinite);
  const count = (test: (value: number) => boolean) => values.filter(test).length;
  return {
    counts: [
      values.length,
      count(Number.isNaN),
      count((value) => value === Infinity),
      count((value) => value === -Infinity),
      count((value) => value === 0),
      count((value) => value !== 0 && Math.abs(value) < tiny),
      finite.length,
    ],
    finite,
    mean: finite.length === 0 ? 0 : quotient(exactSum(finite), finite.length),
  };
}

/** @param unit a power of two near the values: in it, the mean of denormals is not rounded to one of them. */
function deviationIn(values: readonly number[], unit: number): number {
  const scaled = values.map((value) => value / unit);
  const mean = quotient(exactSum(scaled), scaled.length);
  return Math.sqrt(scaled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scaled.length) * unit;
}

/** @param rounding that sums may have, relative to the largest magnitude. */
function check(values: Float32Array | Float64Array, dtype: string, tiny: number, rounding = 4e-15): void {
  const moments = windowMoments(values, dtype);
  const expected = plain([...values], tiny);
  const { count, nan, positiveInfinity, negativeInfinity, zeros, denormals, finite } = moments;
  expect([count, nan, positiveInfinity, negativeInfinity, zeros, denormals, finite]).toEqual(expected.counts);
  if (finite === 0) {
    expect([moments.minAt, moments.maxAt, deviationOf(moments)]).toEqual([-1, -1, undefined]);
    return;
  }
  const min = expected.finite.reduce((a, b) => Math.min(a, b));
  const max = expected.finite.reduce((a, b) => Math.max(a, b));
  expect([moments.min + 0, moments.max + 0]).toEqual([min + 0, max + 0]);
  expect([moments.minAt, moments.maxAt]).toEqual([[...values].indexOf(min), [...values].indexOf(max)]);
  const { mean, std } = deviationOf(moments)!;
  const magnitude = Math.max(Math.abs(min), Math.abs(max));
  expect(Math.abs(mean - expected.mean)).toBeLessThanOrEqual(rounding * magnitude);
  const deviation = deviationIn(expected.finite, 2 ** Math.min(1023, Math.floor(Math.log2(magnitude || 1))));
  expect(Math.abs(std - deviation)).toBeLessThanOrEqual(1e-12 * deviation + rounding * magnitude);
}

describe('moments of a window', () => {
  it('of f32 equal plain counts, and an exact sum within rounding, at any offset', () => {
    fc.assert(
      fc.property(floatWindows, fc.nat(3), (values, by) => check(shifted(values, by), 'f32', 2 ** -126)),
    );
  });

  it('of f64 do so too, up to the largest and the smallest magnitudes', () => {
    fc.assert(
      fc.property(doubleWindows, fc.nat(3), (values, by) => check(shifted(values, by), 'f64', 2 ** -1022)),
    );
  });

  it('are as exact where stretches lie far from zero, from each other, and from the first value', () => {
    const stretch = fc.record({
      length: fc.integer({ min: 1, max: 9000 }),
      center: fc.constantFrom(0, 1e6, -3e4, 1e-3),
      spread: fc.constantFrom(0, 1e-3, 1, 1e4),
    });
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 4 }),
        fc.float({ noNaN: true, min: -1e9, max: 1e9 }),
        (stretches, first) => {
          const values = stretches.flatMap(({ length, center, spread }) =>
            Array.from({ length }, (_, index) => center + spread * Math.sin(index * 12.9898)),
          );
          // a block across two stretches sums a few hundred numbers far from its mean
          check(Float32Array.of(first, ...values), 'f32', 2 ** -126, 2e-14);
          check(Float64Array.of(first, ...values), 'f64', 2 ** -1022, 2e-14);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('know nothing of denormals for integers', () => {
    expect(windowMoments(Float64Array.of(0, 0, 1, -5), 'i32')).toMatchObject({
      zeros: 2,
      denormals: 0,
      minAt: 3,
    });
  });

  it('keep a spread of 1 around 10^6 in every digit that doubles have', () => {
    const values = Float32Array.from({ length: 40_000 }, (_, index) => 1e6 + (index % 4));
    // -1.5, -0.5, 0.5, 1.5 in equal shares
    expect(deviationOf(windowMoments(values, 'f32'))).toMatchObject({ mean: 1_000_001.5 });
    expect(deviationOf(windowMoments(values, 'f32'))!.std).toBeCloseTo(Math.sqrt(1.25), 13);
  });

  it('of windows merged in order have the positions of the whole', () => {
    fc.assert(
      fc.property(fc.array(floatWindows, { maxLength: 5 }), (windows) => {
        const merged = emptyMoments();
        for (const window of windows) mergeMoments(merged, windowMoments(window, 'f32'));
        const all = windows.flatMap((window) => [...window]);
        const { counts, finite } = plain(all, 2 ** -126);
        expect([merged.count, merged.nan, merged.finite]).toEqual([counts[0], counts[1], counts[6]]);
        if (finite.length === 0) return;
        expect(merged.minAt).toBe(all.indexOf(finite.reduce((a, b) => Math.min(a, b))));
        expect(merged.maxAt).toBe(all.indexOf(finite.reduce((a, b) => Math.max(a, b))));
      }),
      { numRuns: 30 },
    );
  });
});
