import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { StoredTensor } from '#main/formats/contract.ts';
import { histogramTask } from '#main/services/tasks/histogram.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';

/** Of a float: bits of exponent and mantissa, the exponent's bias, and what codes with the highest exponent are. */
interface FloatKind {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** As IEEE 754 has it; one NaN of each sign with all bits set; one NaN alone, where -0 would be. */
  readonly special: 'ieee' | 'all-ones' | 'negative-zero';
}

const FLOATS: Readonly<Record<string, FloatKind>> = {
  f64: { exponent: 11, mantissa: 52, bias: 1023, special: 'ieee' },
  f32: { exponent: 8, mantissa: 23, bias: 127, special: 'ieee' },
  f16: { exponent: 5, mantissa: 10, bias: 15, special: 'ieee' },
  bf16: { exponent: 8, mantissa: 7, bias: 127, special: 'ieee' },
  f8_e5m2: { exponent: 5, mantissa: 2, bias: 15, special: 'ieee' },
  f8_e4m3: { exponent: 4, mantissa: 3, bias: 7, special: 'all-ones' },
  f8_e5m2fnuz: { exponent: 5, mantissa: 2, bias: 16, special: 'negative-zero' },
  f8_e4m3fnuz: { exponent: 4, mantissa: 3, bias: 8, special: 'negative-zero' },
};
const INTEGERS: Readonly<Record<string, readonly [bits: number, isSigned: boolean]>> = {
  ...{ i64: [64, true], i32: [32, true], i16: [16, true], i8: [8, true] },
  ...{ u64: [64, false], u32: [32, false], u16: [16, false], u8: [8, false] },
};

/** What a code stands for, by the definition of its dtype. */
function valueOf(dtype: string, code: bigint): number | bigint {
  const integer = INTEGERS[dtype];
  if (integer) return integer[1] ? BigInt.asIntN(integer[0], code) : code;
  const { exponent, mantissa, bias, special } = FLOATS[dtype]!;
  const sign = code >> BigInt(exponent + mantissa) ? -1 : 1;
  const power = Number((code >> BigInt(mantissa)) & ((1n << BigInt(exponent)) - 1n));
  const fraction = Number(code & ((1n << BigInt(mantissa)) - 1n));
  const isHighest = power === 2 ** exponent - 1;
  if (special === 'ieee' && isHighest) return fraction === 0 ? sign * Infinity : NaN;
  if (special === 'all-ones' && isHighest && fraction === 2 ** mantissa - 1) return NaN;
  if (special === 'negative-zero' && sign < 0 && power === 0 && fraction === 0) return NaN;
  const significand = power === 0 ? fraction : fraction + 2 ** mantissa;
  // in two steps, so that the smallest numbers are not lost on the way
  return sign * significand * 2 ** -mantissa * 2 ** (Math.max(1, power) - bias);
}

const bitsOf = (dtype: string): number => {
  const float = FLOATS[dtype];
  return float ? 1 + float.exponent + float.mantissa : INTEGERS[dtype]![0];
};

/** Any code; of floats often one with an extreme exponent. */
function codesOf(dtype: string): fc.Arbitrary<bigint> {
  const most = (1n << BigInt(bitsOf(dtype))) - 1n;
  const float = FLOATS[dtype];
  if (!float) return fc.oneof(fc.bigInt(0n, most), fc.constantFrom(0n, most, most >> 1n, 1n));
  const infinity = ((1n << BigInt(float.exponent)) - 1n) << BigInt(float.mantissa);
  return fc.oneof(
    fc.bigInt(0n, most),
    fc.constantFrom(0n, 1n, infinity, infinity | 1n, most, (most >> 1n) + 1n),
  );
}

interface Layout {
  readonly isBig: boolean;
  /** Elements between one value and the next, and before the first. */
  readonly step: number;
  readonly offset: number;
}

const layouts = fc.record({ isBig: fc.boolean(), step: fc.integer({ min: 1, max: 3 }), offset: fc.nat(5) });

function planOf(dtype: string, codes: readonly bigint[], { isBig, step, offset }: Layout): TensorPlan {
  const width = bitsOf(dtype) / 8;
  const bytes = new Uint8Array((offset + codes.length * step) * width).fill(0x55);
  codes.forEach((code, index) => {
    const at = (offset + index * step) * width;
    for (let byte = 0; byte < width; byte++) {
      bytes[at + (isBig ? width - 1 - byte : byte)] = Number((code >> BigInt(8 * byte)) & 0xffn);
    }
  });
  const tensor: StoredTensor = {
    name: 't',
    dtype,
    shape: [codes.length],
    storage: {
      kind: 'dense',
      source: 0,
      offset: 0,
      byteLength: bytes.byteLength,
      byteOrder: isBig ? 'big' : 'little',
      elementOffset: offset,
      strides: [step],
    },
  };
  return { tensor, sources: [{ kind: 'memory', bytes }] };
}

const isFinite = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isFinite(value);
/** Zeros of either sign are one number, and whole numbers of any kind compare. */
const plain = (value: number | bigint | undefined) => (typeof value === 'number' ? value + 0 : value);

describe.each([...Object.keys(FLOATS), ...Object.keys(INTEGERS)])('figures of %s', (dtype) => {
  it('are those of its definition, in either byte order, at any offset and stride', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(codesOf(dtype), { maxLength: 70 }), layouts, async (codes, layout) => {
        const values = codes.map((code) => valueOf(dtype, code));
        const finite = values.filter(isFinite).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        const { summary } = await summaryTask(
          { plan: planOf(dtype, codes, layout), quantiles: [0, 1], isDigestWanted: false },
          {},
        );
        const { count, nan, positiveInfinity, negativeInfinity, zeros, min, max, quantiles } = summary!;
        expect({ count, nan, positiveInfinity, negativeInfinity, zeros }).toEqual({
          count: codes.length,
          nan: values.filter((value) => Number.isNaN(value)).length,
          positiveInfinity: values.filter((value) => value === Infinity).length,
          negativeInfinity: values.filter((value) => value === -Infinity).length,
          zeros: values.filter((value) => Number(value) === 0).length,
        });
        // 64-bit integers come as what they are, narrower ones as numbers
        const asTold = (value: number | bigint | undefined) =>
          plain(typeof value === 'bigint' && bitsOf(dtype) < 64 ? Number(value) : value);
        const ends = [asTold(finite[0]), asTold(finite.at(-1))];
        expect([min, max].map(plain)).toEqual(ends);
        if (finite.length > 0) expect([quantiles['0'], quantiles['1']].map(plain)).toEqual(ends);
      }),
      { numRuns: 40 },
    );
  });

  it('in bins are counted as its values are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(codesOf(dtype), { maxLength: 70 }), layouts, async (codes, layout) => {
        const range = [-2, 6] as const;
        const { edges, counts, below, above } = await histogramTask(
          { plan: planOf(dtype, codes, layout), bins: 5, range },
          {},
        );
        const values = codes.map((code) => Number(valueOf(dtype, code))).filter(Number.isFinite);
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
});
