/** What the codes of every dtype of numbers stand for, by the definitions of the dtypes: for tests, and nothing of the product's. */
import fc from 'fast-check';

/** Of a float: bits of exponent and mantissa, the exponent's bias, and what codes with the highest exponent are. */
interface FloatKind {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** As IEEE 754 has it; one NaN of each sign with all bits set; one NaN alone, where -0 would be; nothing but numbers. */
  readonly special: 'ieee' | 'all-ones' | 'negative-zero' | 'none';
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
  f6_e2m3: { exponent: 2, mantissa: 3, bias: 1, special: 'none' },
  f6_e3m2: { exponent: 3, mantissa: 2, bias: 3, special: 'none' },
  f4_e2m1: { exponent: 2, mantissa: 1, bias: 1, special: 'none' },
};
const INTEGERS: Readonly<Record<string, readonly [bits: number, isSigned: boolean]>> = {
  ...{ i64: [64, true], i32: [32, true], i16: [16, true], i8: [8, true], i4: [4, true], i2: [2, true] },
  ...{ u64: [64, false], u32: [32, false], u16: [16, false], u8: [8, false], u4: [4, false], u2: [2, false] },
};
/** Parts of complex numbers, the real one in the low bits. */
export const PARTS: Readonly<Record<string, string>> = { c128: 'f64', c64: 'f32', c32: 'f16' };

/** All dtypes whose values have an order. */
export const REAL_DTYPES = [...Object.keys(FLOATS), 'f8_e8m0', 'f80', ...Object.keys(INTEGERS), 'bool'];
/** Those with a sign and a magnitude, by whose codes values are counted from zero. */
export const SIGNED_FLOATS = Object.keys(FLOATS);

/** Bits of one element as it is stored. */
export function bitsOf(dtype: string): number {
  const float = FLOATS[dtype];
  if (float) return 1 + float.exponent + float.mantissa;
  const integer = INTEGERS[dtype];
  if (integer) return integer[0];
  const part = PARTS[dtype];
  if (part) return 2 * bitsOf(part);
  return dtype === 'f80' ? 128 : 8;
}

/** A finite number as significand × 2^power, exactly, or what is none. Zeros of either sign are one. */
export type Meaning = Finite | 'nan' | 'infinity' | '-infinity';
export interface Finite {
  readonly significand: bigint;
  readonly power: number;
}

export function isFinite(meaning: Meaning): meaning is Finite {
  return typeof meaning === 'object';
}

/** @param code of a dtype with an order, as an unsigned number of its bits. */
export function meaningOf(dtype: string, code: bigint): Meaning {
  const integer = INTEGERS[dtype];
  if (integer) return whole(integer[1] ? BigInt.asIntN(integer[0], code) : code);
  if (dtype === 'bool') return whole(code === 0n ? 0n : 1n);
  if (dtype === 'f8_e8m0') return code === 255n ? 'nan' : { significand: 1n, power: Number(code) - 127 };
  if (dtype === 'f80') return extendedMeaning(code);
  return floatMeaning(FLOATS[dtype]!, code);
}

function whole(significand: bigint): Finite {
  return { significand, power: 0 };
}

function floatMeaning({ exponent, mantissa, bias, special }: FloatKind, code: bigint): Meaning {
  const isNegative = code >> BigInt(exponent + mantissa) === 1n;
  const power = Number((code >> BigInt(mantissa)) & ((1n << BigInt(exponent)) - 1n));
  const fraction = code & ((1n << BigInt(mantissa)) - 1n);
  const isHighest = power === 2 ** exponent - 1;
  if (special === 'ieee' && isHighest) {
    if (fraction !== 0n) return 'nan';
    return isNegative ? '-infinity' : 'infinity';
  }
  if (special === 'all-ones' && isHighest && fraction === (1n << BigInt(mantissa)) - 1n) return 'nan';
  if (special === 'negative-zero' && isNegative && power === 0 && fraction === 0n) return 'nan';
  const magnitude = power === 0 ? fraction : fraction + (1n << BigInt(mantissa));
  return {
    significand: isNegative ? -magnitude : magnitude,
    power: Math.max(1, power) - bias - mantissa,
  };
}

/** x87: 64 bits of mantissa with its leading one, 15 of exponent, the sign; above them is padding. */
function extendedMeaning(code: bigint): Meaning {
  const mantissa = code & 0xffffffffffffffffn;
  const exponent = Number((code >> 64n) & 0x7fffn);
  const isNegative = ((code >> 79n) & 1n) === 1n;
  if (exponent === 0x7fff) {
    if (mantissa << 1n !== 1n << 64n) return 'nan';
    return isNegative ? '-infinity' : 'infinity';
  }
  return {
    significand: isNegative ? -mantissa : mantissa,
    power: Math.max(1, exponent) - 16_383 - 63,
  };
}

/** The nearest double, of two equally near ones the even one. */
export function numberOf(meaning: Meaning): number {
  if (meaning === 'nan') return NaN;
  if (meaning === 'infinity') return Infinity;
  if (meaning === '-infinity') return -Infinity;
  const { significand, power } = meaning;
  const magnitude = significand < 0n ? -significand : significand;
  const surplus = Math.max(0, magnitude.toString(2).length - 53, -1074 - power);
  const rounded = halfEven(magnitude, BigInt(surplus));
  // in two steps, so that neither power leaves the range of a double
  const half = Math.trunc((power + surplus) / 2);
  const result = Number(rounded) * 2 ** half * 2 ** (power + surplus - half);
  return significand < 0n ? -result : result;
}

function halfEven(magnitude: bigint, bits: bigint): bigint {
  if (bits === 0n) return magnitude;
  const low = magnitude >> bits;
  const rest = magnitude - (low << bits);
  const half = 1n << (bits - 1n);
  return rest > half || (rest === half && (low & 1n) === 1n) ? low + 1n : low;
}

/**
 * The code of the nearest number of a float of sign and magnitude, of two equally near ones the even one; beyond the largest, of infinity or NaN, or of the largest where there is neither.
 */
export function roundedCode(dtype: string, { significand, power }: Finite): bigint {
  const { exponent, mantissa, bias, special } = FLOATS[dtype]!;
  const sign = significand < 0n ? 1n << BigInt(exponent + mantissa) : 0n;
  const magnitude = significand < 0n ? -significand : significand;
  const leading = magnitude === 0n ? -Infinity : power + magnitude.toString(2).length - 1;
  const step = Math.max(leading, 1 - bias) - mantissa;
  const steps = power < step ? halfEven(magnitude, BigInt(step - power)) : magnitude << BigInt(power - step);
  // a mantissa that grew by a bit counts the exponent up by itself
  const code = (BigInt(step + mantissa + bias - 1) << BigInt(mantissa)) + steps;
  const beyond = 1n << BigInt(exponent + mantissa);
  if (special === 'negative-zero') return code >= beyond ? beyond : code === 0n ? 0n : sign | code;
  if (special === 'all-ones') return sign | (code >= beyond ? beyond - 1n : code);
  if (special === 'none') return sign | (code >= beyond ? beyond - 1n : code);
  const infinity = beyond - (1n << BigInt(mantissa));
  return sign | (code > infinity ? infinity : code);
}

/** a - b, exactly. */
export function minus(a: Finite, b: Finite): Finite {
  const power = Math.min(a.power, b.power);
  return {
    significand: (a.significand << BigInt(a.power - power)) - (b.significand << BigInt(b.power - power)),
    power,
  };
}

/** Any code; of floats often one with an extreme exponent, of x87 numbers those alone that a processor makes and doubles come near to. */
export function codesOf(dtype: string): fc.Arbitrary<bigint> {
  const part = PARTS[dtype];
  if (part) {
    return fc.tuple(codesOf(part), codesOf(part)).map(([re, im]) => re | (im << BigInt(bitsOf(part))));
  }
  if (dtype === 'f80') return extendedCodes;
  const most = (1n << BigInt(bitsOf(dtype))) - 1n;
  const float = FLOATS[dtype];
  if (!float) return fc.oneof(fc.bigInt(0n, most), fc.constantFrom(0n, most, most >> 1n, 1n));
  const infinity = ((1n << BigInt(float.exponent)) - 1n) << BigInt(float.mantissa);
  const one = BigInt(float.bias) << BigInt(float.mantissa);
  return fc.oneof(
    fc.bigInt(0n, most),
    fc.constantFrom(0n, 1n, infinity, infinity | 1n, most, (most >> 1n) + 1n),
    // numbers that other dtypes have, too
    fc.constantFrom(one, one + 1n, one + (1n << BigInt(float.mantissa))),
  );
}

const extendedCodes = fc
  .record({
    fraction: fc.oneof(fc.bigInt(0n, (1n << 63n) - 1n), fc.constantFrom(0n, 1n << 62n, 1n)),
    exponent: fc.oneof(fc.integer({ min: 16_283, max: 16_483 }), fc.constantFrom(0, 0x7fff, 15_500, 17_000)),
    isNegative: fc.boolean(),
    padding: fc.oneof(fc.constant(0n), fc.bigInt(0n, (1n << 48n) - 1n)),
  })
  .map(({ fraction, exponent, isNegative, padding }) => {
    const leading = exponent === 0 ? 0n : 1n << 63n;
    const top = BigInt(exponent) | (isNegative ? 0x8000n : 0n);
    return leading | fraction | (top << 64n) | (padding << 80n);
  });
