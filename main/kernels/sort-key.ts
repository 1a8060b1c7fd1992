/** Keys: signed numbers in the order of the values, one for zeros of either sign, as `assembly/narrowing.ts` has them. */

const DOUBLE_MAGNITUDE = 0x7fffffffffffffffn;
const FLOAT_MAGNITUDE = 0x7fffffffn;
/** What keys of unsigned integers of 64 bits are less than these. */
const UNSIGNED_ORIGIN = 2n ** 63n;

const bits = new BigInt64Array(1);
const double = new Float64Array(bits.buffer);
const word = new Int32Array(bits.buffer);
const float = new Float32Array(bits.buffer);

/** @param value finite, as `decode` gives it; of i64 and u64 the integer itself. */
export function keyOfValue(dtype: string, value: number | bigint): bigint {
  if (typeof value === 'bigint') return dtype === 'u64' ? value - UNSIGNED_ORIGIN : value;
  if (isInteger(dtype)) return BigInt(value);
  if (dtype === 'f32') {
    float[0] = value;
    const magnitude = BigInt(word[0]!) & FLOAT_MAGNITUDE;
    return word[0]! < 0 ? -magnitude : magnitude;
  }
  double[0] = value;
  const magnitude = bits[0]! & DOUBLE_MAGNITUDE;
  return bits[0]! < 0n ? -magnitude : magnitude;
}

/** Exact: a bigint for i64 and u64. */
export function valueOfKey(dtype: string, key: bigint): number | bigint {
  if (dtype === 'i64') return key;
  if (dtype === 'u64') return key + UNSIGNED_ORIGIN;
  if (isInteger(dtype)) return Number(key);
  const magnitude = key < 0n ? -key : key;
  bits[0] = magnitude;
  const value = dtype === 'f32' ? float[0]! : double[0]!;
  return key < 0n ? -value : value;
}

/** The upper half of the infinities, and of doubles that round to them. */
export const INFINITE_HALF = 0x7f80;
/** What upper halves of negative floats have more. */
export const NEGATIVE_HALF = 0x8000;

/** Between which keys all finite values lie that round to a float with this upper half: for f32 exactly, else a little more. */
export function keysOfHalf(dtype: string, half: number): readonly [low: bigint, high: bigint] {
  const [least, most] = magnitudesOfHalf(half % NEGATIVE_HALF, dtype === 'f32' ? 0 : 1);
  const [low, high] = half >= NEGATIVE_HALF ? [-most, -least] : [least, most];
  if (dtype === 'i64' || dtype === 'u64') {
    return [keyOfValue(dtype, BigInt(Math.ceil(low))), keyOfValue(dtype, BigInt(Math.floor(high)))];
  }
  return isInteger(dtype)
    ? [keyOfValue(dtype, Math.ceil(low)), keyOfValue(dtype, Math.floor(high))]
    : [keyOfValue(dtype, low), keyOfValue(dtype, high)];
}

/** @param reach floats beyond the half on both sides: rounding moves no value as far as the next one. */
function magnitudesOfHalf(half: number, reach: 0 | 1): readonly [least: number, most: number] {
  const first = half * 65_536;
  const least = floatOf(Math.max(0, first - reach));
  return [
    least,
    half === INFINITE_HALF ? Number.MAX_VALUE : Math.min(floatOf(first + 65_535 + reach), 2 ** 128),
  ];
}

function isInteger(dtype: string): boolean {
  return /^[iu]\d+$/.test(dtype);
}

function floatOf(code: number): number {
  word[0] = code;
  return float[0]!;
}
