import { describe, expect, it } from 'vitest';

import { addDifference, emptyDifference } from '#main/kernels/difference.ts';
import { readStatisticsOracle } from '#test/kit/statistics-oracle.ts';
import { hasOracles } from '#test/kit/shared-files.ts';

function compare(
  dtypeA: string,
  a: ArrayBufferView,
  dtypeB: string,
  b: ArrayBufferView,
  tolerance?: [number, number],
) {
  const sums = emptyDifference();
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  addDifference(sums, bytes(a), bytes(b), { dtypeA, dtypeB, ...(tolerance ? { tolerance } : {}) });
  return sums;
}

describe.skipIf(!hasOracles)('difference figures equal the ones of NumPy', () => {
  const oracle = hasOracles ? readStatisticsOracle() : undefined;
  for (const [name, expected] of Object.entries(oracle?.pairs ?? {})) {
    it(name, () => {
      const a = oracle!.bytesOf(expected.a);
      const b = oracle!.bytesOf(expected.b);
      const sums = compare(a.dtype, a.bytes, b.dtype, b.bytes);
      expect({ max: sums.maxAbs, at: sums.maxAt, ulp: sums.maxUlp, changed: sums.changed }).toEqual({
        max: expected.max_abs,
        at: expected.at,
        ulp: expected.max_ulp,
        changed: expected.changed_bits,
      });
      expect(Math.sqrt(sums.squaresDifference / sums.squaresA)).toBeCloseTo(expected.relative_l2, 12);
      expect(sums.dot / Math.sqrt(sums.squaresA * sums.squaresB)).toBeCloseTo(expected.cosine, 12);
    });
  }
});

describe('a pair', () => {
  const f32 = (...bits: number[]) => new Float32Array(Uint32Array.from(bits).buffer);

  it('with zeros of either sign has other bits and equal values', () => {
    const { changed, unequal, maxUlp } = compare('f32', Float32Array.of(0, 1), 'f32', Float32Array.of(-0, 1));
    expect({ changed, unequal, maxUlp }).toEqual({ changed: 1, unequal: 0, maxUlp: 0 });
  });

  it('with one NaN of the same bits is equal', () => {
    const { changed, unequal } = compare('f32', f32(0x7fa00001), 'f32', f32(0x7fa00001));
    expect({ changed, unequal }).toEqual({ changed: 0, unequal: 0 });
  });

  it('with NaNs of other payloads is unequal, and nothing is further off', () => {
    const { changed, unequal, maxAbs, maxAt } = compare(
      'f32',
      f32(0x3f800000, 0x7fc00001, 0x40000000),
      'f32',
      f32(0, 0x7fc00000, 0),
    );
    expect({ changed, unequal, maxAbs, maxAt }).toEqual({ changed: 3, unequal: 3, maxAbs: NaN, maxAt: 1 });
  });

  it('of 64-bit integers is compared exactly', () => {
    const { unequal, maxAbs } = compare(
      'i64',
      BigInt64Array.of(2n ** 60n + 1n),
      'i64',
      BigInt64Array.of(2n ** 60n),
    );
    expect({ unequal, maxAbs }).toEqual({ unequal: 1, maxAbs: 1 });
  });

  it('of f32 and its rounding to f16 is a cast', () => {
    // 0.1 in binary16 is 0x2e66, 1/3 is 0x3555
    const halves = Uint16Array.of(0x2e66, 0x3555);
    expect(compare('f32', Float32Array.of(0.1, 1 / 3), 'f16', halves).isCast).toBe(true);
    expect(compare('f32', Float32Array.of(0.1, 0.34), 'f16', halves).isCast).toBe(false);
  });

  it('is within a tolerance that every element meets, and not if one does not', () => {
    const b = Float32Array.of(1, 100);
    expect(compare('f32', Float32Array.of(1.01, 101), 'f32', b, [0, 0.011]).excess).toBeLessThanOrEqual(0);
    expect(compare('f32', Float32Array.of(1.01, 102), 'f32', b, [0, 0.011]).excess).toBeGreaterThan(0);
  });
});
