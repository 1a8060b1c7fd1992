/** Keys whose unsigned order is the numeric order of the values, for counting and selecting without sorting. */

/** Digits of a key: 16 bits each, the most significant first. */
export interface KeyedWindow {
  /** Upper 32 bits of each key; the whole key for dtypes up to 32 bits. */
  readonly high: Uint32Array;
  /** Lower 32 bits, for 64-bit dtypes. */
  readonly low?: Uint32Array;
  /** 1 where the value takes part: NaN and infinities do not. Absent: all do. */
  readonly isFinite?: Uint8Array;
}

/** Two digits for numbers that a float32 holds and for integers up to 32 bits, four for the rest. */
export function digitCount(dtype: string): 2 | 4 {
  return dtype === 'f64' || dtype === 'f80' || dtype === 'i64' || dtype === 'u64' ? 4 : 2;
}

/** @param values as `decode` gives them for the same dtype; for i64 and u64 the integers themselves. */
export function keysOf(
  dtype: string,
  values: Float64Array | Float32Array | BigInt64Array | BigUint64Array,
): KeyedWindow {
  if (values instanceof BigUint64Array || values instanceof BigInt64Array) return integerKeys(values);
  if (digitCount(dtype) === 4)
    return doubleKeys(values instanceof Float64Array ? values : Float64Array.from(values));
  if (/^[iu]\d+$/.test(dtype) || dtype === 'bool') return smallIntegerKeys(values);
  return floatKeys(values instanceof Float32Array ? values : Float32Array.from(values));
}

function integerKeys(values: BigInt64Array | BigUint64Array): KeyedWindow {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const flip = values instanceof BigInt64Array ? 0x80000000 : 0;
  const high = new Uint32Array(values.length);
  const low = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    low[i] = words[2 * i]!;
    high[i] = words[2 * i + 1]! ^ flip;
  }
  return { high, low };
}

function smallIntegerKeys(values: Float64Array | Float32Array): KeyedWindow {
  const high = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) high[i] = values[i]! + 2 ** 31;
  return { high };
}

function doubleKeys(values: Float64Array): KeyedWindow {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const high = new Uint32Array(values.length);
  const low = new Uint32Array(values.length);
  const isFinite = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const top = words[2 * i + 1]!;
    const flip = top >>> 31 ? 0xffffffff : 0;
    high[i] = top ^ (flip | 0x80000000);
    low[i] = words[2 * i]! ^ flip;
    isFinite[i] = (top & 0x7ff00000) === 0x7ff00000 ? 0 : 1;
  }
  return { high, low, isFinite };
}

function floatKeys(values: Float32Array): KeyedWindow {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const high = new Uint32Array(values.length);
  const isFinite = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const word = bits[i]!;
    high[i] = word >>> 31 ? ~word : word | 0x80000000;
    isFinite[i] = (word & 0x7f800000) === 0x7f800000 ? 0 : 1;
  }
  return { high, isFinite };
}

const words = new Uint32Array(2);
const asDouble = new Float64Array(words.buffer);
const asFloat = new Float32Array(words.buffer);
const asSigned = new BigInt64Array(words.buffer);
const asUnsigned = new BigUint64Array(words.buffer);

/** The value of a key, exact: a bigint for i64 and u64. */
export function valueOfKey(dtype: string, high: number, low: number): number | bigint {
  if (dtype === 'i64' || dtype === 'u64') {
    words[0] = low;
    words[1] = dtype === 'i64' ? high ^ 0x80000000 : high;
    return dtype === 'i64' ? asSigned[0]! : asUnsigned[0]!;
  }
  if (digitCount(dtype) === 4) {
    const flip = high >>> 31 ? 0 : 0xffffffff;
    words[0] = low ^ flip;
    words[1] = high ^ (flip | 0x80000000);
    return asDouble[0]!;
  }
  if (/^[iu]\d+$/.test(dtype) || dtype === 'bool') return high - 2 ** 31;
  words[0] = high >>> 31 ? high & 0x7fffffff : ~high;
  return asFloat[0]!;
}
