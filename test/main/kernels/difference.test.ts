import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addDifference, hasEqualBytes } from '#main/kernels/difference.ts';
import { emptyDifference } from '#main/kernels/difference-sums.ts';
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

/** Bits of every dtype as unsigned integers, and what they stand for, by means of the platform's own arrays. */
const KINDS = {
  f32: { codes: Uint32Array, numbers: (codes: Uint32Array) => new Float32Array(codes.buffer) },
  bf16: {
    codes: Uint16Array,
    numbers: (codes: Uint16Array) => new Float32Array(Uint32Array.from(codes, (code) => code << 16).buffer),
  },
  i8: { codes: Uint8Array, numbers: (codes: Uint8Array) => new Int8Array(codes.buffer) },
  u16: { codes: Uint16Array, numbers: (codes: Uint16Array) => codes },
  i32: { codes: Uint32Array, numbers: (codes: Uint32Array) => new Int32Array(codes.buffer) },
} as const;

interface Kind {
  /** Any of them, taken for one: what is done with them is the same. */
  readonly codes: Uint32ArrayConstructor;
  readonly numbers: (codes: never) => ArrayLike<number>;
}

/** Where a float lies on the number line: both zeros at 0. */
function place(code: number, bits: number): number {
  return code >= 2 ** (bits - 1) ? 2 ** (bits - 1) - code : code;
}

describe('by the kernels', () => {
  const codes = fc.oneof(
    fc.nat(0xffffffff),
    fc.constantFrom(0, 0x80000000, 0x3f800000, 0x3f800001, 0x7f800000, 0x7fc00000, 0x7fc00001, 0xff800000, 1),
  );
  const pairs = fc.oneof(
    fc.array(fc.tuple(codes, codes), { maxLength: 40 }),
    // longer than a block: equal for long, with a few that differ
    fc
      .tuple(fc.integer({ min: 4090, max: 8200 }), fc.array(fc.tuple(fc.nat(8200), codes), { maxLength: 4 }))
      .map(([length, others]) => {
        const same = Array.from({ length }, (_, i): [number, number] => {
          const code = 0x3f000000 + ((i * 7919) % 0x800000);
          return [code, code];
        });
        for (const [at, code] of others) same[at % length]![1] = code;
        return same;
      }),
  );

  it.each(Object.entries(KINDS) as unknown as [string, Kind][])(
    'figures of %s are those of the definition',
    (dtype, kind) => {
      fc.assert(
        fc.property(pairs, fc.boolean(), (list, isTolerant) => {
          const bits = kind.codes.BYTES_PER_ELEMENT * 8;
          const shift = dtype === 'bf16' ? 16 : 0;
          const a = kind.codes.from(list, ([code]) => code >>> shift);
          const b = kind.codes.from(list, ([, code]) => code >>> shift);
          const [left, right] = [kind.numbers(a as never), kind.numbers(b as never)];
          const tolerance: [number, number] = [0.25, 0.125];
          const found = compare(dtype, a, dtype, b, isTolerant ? tolerance : undefined);
          const expected = { changed: 0, unequal: 0, maxAbs: 0, maxAt: -1, ulp: 0, excess: -Infinity };
          let [squaresA, squaresB, squares, dot] = [0, 0, 0, 0];
          for (let i = 0; i < a.length; i++) {
            const [x, y] = [left[i]!, right[i]!];
            const isSame = a[i] === b[i] || x === y;
            const distance = isSame ? 0 : Math.abs(x - y);
            squaresA += x * x;
            squaresB += y * y;
            dot += x * y;
            squares += distance * distance;
            if (a[i] !== b[i]) expected.changed++;
            if (!isSame) expected.unequal++;
            const isWorse = Number.isNaN(distance)
              ? !Number.isNaN(expected.maxAbs)
              : distance > expected.maxAbs;
            if (isWorse) Object.assign(expected, { maxAbs: distance, maxAt: i });
            const own = isSame ? -tolerance[0] : distance - tolerance[0] - tolerance[1] * Math.abs(y);
            expected.excess = Math.max(expected.excess, Number.isNaN(own) ? Infinity : own);
            if (!/^[iu]/.test(dtype) && Number.isFinite(x) && Number.isFinite(y)) {
              expected.ulp = Math.max(expected.ulp, Math.abs(place(a[i]!, bits) - place(b[i]!, bits)));
            }
          }
          const { changed, unequal, maxAbs, maxAt, maxUlp, excess } = found;
          expect({ changed, unequal, maxAbs, maxAt, maxUlp }).toEqual({
            changed: expected.changed,
            unequal: expected.unequal,
            maxAbs: expected.maxAbs,
            maxAt: expected.maxAt,
            maxUlp: expected.ulp,
          });
          if (isTolerant) expect(excess).toBe(expected.excess);
          if (!Number.isFinite(squaresA + squaresB)) return;
          // sums of blocks and of halves differ from a plain sum by rounding alone
          const near = (sum: number, plain: number, scale: number) =>
            expect(Math.abs(sum - plain)).toBeLessThanOrEqual(1e-12 * scale);
          near(found.squaresA, squaresA, squaresA);
          near(found.squaresB, squaresB, squaresB);
          near(found.squaresDifference, squares, squares);
          near(found.dot, dot, squaresA + squaresB);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('bytes are equal or not, whatever the length and wherever they differ', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(199), fc.nat(7), (bytes, at, by) => {
        const copy = new Uint8Array(bytes.length + by).subarray(by);
        copy.set(bytes);
        expect(hasEqualBytes(bytes, copy)).toBe(true);
        if (at >= bytes.length) return;
        copy[at]! ^= 0x10;
        expect(hasEqualBytes(bytes, copy)).toBe(false);
      }),
    );
  });

  it('doubles a step apart are told, and those across zero are not rounded', () => {
    const { maxUlp } = compare('f64', Float64Array.of(1, -0, 3), 'f64', Float64Array.of(1 + 2 ** -52, 0, 3));
    expect(maxUlp).toBe(1);
    expect(compare('f64', Float64Array.of(-1), 'f64', Float64Array.of(1)).maxUlp).toBe(
      2n * 0x3ff0000000000000n,
    );
  });
});
