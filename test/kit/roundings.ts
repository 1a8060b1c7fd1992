/** What frameworks round numbers to, by the definitions: for tests, and nothing of the product's. */
import {
  bitsOf,
  isFinite,
  meaningOf,
  minus,
  numberOf,
  roundedCode,
  type Finite,
  type Meaning,
} from '#test/kit/number-kinds.ts';

const HAVE_INFINITIES = new Set(['f64', 'f32', 'f16', 'bf16', 'f8_e5m2']);
const HAVE_NUMBERS_ALONE = new Set(['f6_e2m3', 'f6_e3m2', 'f4_e2m1']);

/** All dtypes that numbers of others are rounded to. */
export const ROUNDED_DTYPES = [
  ...HAVE_INFINITIES,
  ...['f8_e4m3', 'f8_e4m3fnuz', 'f8_e5m2fnuz', 'f8_e8m0'],
  ...HAVE_NUMBERS_ALONE,
];

export function isRoundedTo(dtype: string): boolean {
  return ROUNDED_DTYPES.includes(dtype);
}

/** Whether NumPy (ml_dtypes) or PyTorch makes the one of the other: at once, or by way of f32. */
export function isRounded(from: Meaning, dtype: string, to: Meaning): boolean {
  if (!isRoundedTo(dtype)) return false;
  if (dtype === 'f8_e4m3' && isStopped(numberOf(from), numberOf(to))) return true;
  if (!isFinite(from)) return isSameMeaning(roundedNoNumber(from, dtype), to);
  const single = roundedMeaning('f32', from);
  // all that is made of doubles by way of f32 is bf16 to NumPy, too
  const ways = dtype === 'bf16' ? [single] : bitsOf(dtype) < 16 || dtype === 'f16' ? [from, single] : [from];
  return ways.some((way) =>
    isFinite(way) ? isRoundedAtOnce(way, dtype, to) : isSameMeaning(roundedNoNumber(way, dtype), to),
  );
}

function isRoundedAtOnce(from: Finite, dtype: string, to: Meaning): boolean {
  if (dtype !== 'f8_e8m0') return isSameMeaning(roundedMeaning(dtype, from), to);
  // without a sign and a zero: none of either to NumPy, and no sign and next to nothing to PyTorch
  if (from.significand <= 0n && to === 'nan') return true;
  const magnitude = { ...from, significand: from.significand < 0n ? -from.significand : from.significand };
  return isSameMeaning(meaningOf(dtype, powerCode(magnitude)), to);
}

/** Of powers of two, the nearest one's code, the greater one half way; 255 beyond them. */
function powerCode({ significand, power }: Finite): bigint {
  if (significand === 0n) return 0n;
  const length = significand.toString(2).length;
  const isUpper = 2n * significand >= 3n << BigInt(length - 1);
  return BigInt(Math.min(255, Math.max(0, power + length - 1 + (isUpper ? 1 : 0) + 127)));
}

/** What PyTorch has begun to do with E4M3 alone: the largest number stands for all beyond it. */
function isStopped(from: number, to: number): boolean {
  return Math.abs(to) === 448 && from / to >= 1;
}

function roundedNoNumber(from: Exclude<Meaning, Finite>, dtype: string): Meaning {
  if (HAVE_INFINITIES.has(dtype)) return from;
  if (!HAVE_NUMBERS_ALONE.has(dtype)) return 'nan';
  if (from === 'nan') return { significand: 0n, power: 0 };
  return roundedMeaning(dtype, { significand: from === 'infinity' ? 1n : -1n, power: 99 });
}

function roundedMeaning(dtype: string, from: Finite): Meaning {
  return meaningOf(dtype, roundedCode(dtype, from));
}

function isSameMeaning(a: Meaning, b: Meaning): boolean {
  return isFinite(a) && isFinite(b) ? minus(a, b).significand === 0n : a === b;
}
