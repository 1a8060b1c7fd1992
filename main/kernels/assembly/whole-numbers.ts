/** Integers of 32 and 64 bits: as doubles, and for those that doubles round their exact extremes and sum. */

/** What loops keep in registers: loaded before the loop, V8 does not make it anew at every turn. */
const SIGN: usize = memory.data<u64>([0x8000000000000000]);
const LOWER: usize = memory.data<u64>([0x00000000ffffffff]);
const UPPER_WEIGHT: usize = memory.data<f64>([4294967296]);

export function doublesOfI32(at: usize, count: u32, out: usize): void {
  const end = at + ((<usize>count) << 2);
  for (const whole = at + ((<usize>(count & ~1)) << 2); at < whole; at += 8, out += 16) {
    v128.store(out, f64x2.convert_low_i32x4_s(v128.load64_zero(at)));
  }
  if (at < end) store<f64>(out, <f64>load<i32>(at));
}

export function doublesOfU32(at: usize, count: u32, out: usize): void {
  const end = at + ((<usize>count) << 2);
  for (const whole = at + ((<usize>(count & ~1)) << 2); at < whole; at += 8, out += 16) {
    v128.store(out, f64x2.convert_low_i32x4_u(v128.load64_zero(at)));
  }
  if (at < end) store<f64>(out, <f64>load<u32>(at));
}

/** Rounded to nearest: both halves are exact, so that their sum is rounded once. */
export function doublesOfI64(at: usize, count: u32, out: usize): void {
  const weight = v128.load_splat<f64>(UPPER_WEIGHT);
  const end = at + ((<usize>count) << 3);
  for (const whole = at + ((<usize>(count & ~1)) << 3); at < whole; at += 16, out += 16) {
    const words = v128.load(at);
    const upper = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(words, words, 1, 3, 1, 3));
    const lower = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 0, 2, 0, 2));
    v128.store(out, f64x2.add(f64x2.mul(upper, weight), lower));
  }
  if (at < end) store<f64>(out, <f64>load<i64>(at));
}

export function doublesOfU64(at: usize, count: u32, out: usize): void {
  const weight = v128.load_splat<f64>(UPPER_WEIGHT);
  const end = at + ((<usize>count) << 3);
  for (const whole = at + ((<usize>(count & ~1)) << 3); at < whole; at += 16, out += 16) {
    const words = v128.load(at);
    const upper = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 1, 3, 1, 3));
    const lower = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 0, 2, 0, 2));
    v128.store(out, f64x2.add(f64x2.mul(upper, weight), lower));
  }
  if (at < end) store<f64>(out, <f64>load<u64>(at));
}

/**
 * @param count less than 2^32.
 * @param record four words of 64 bits: least, greatest, and the sums of the lower and of the upper halves, in which
 * each signed integer counts 2^63 more.
 */
export function wholeNumbersI64(at: usize, count: u32, record: usize): void {
  summarize<i64>(at, count, record);
}

export function wholeNumbersU64(at: usize, count: u32, record: usize): void {
  summarize<u64>(at, count, record);
}

function summarize<T>(at: usize, count: u32, record: usize): void {
  const sign = v128.load_splat<u64>(SIGN);
  const lower = v128.load_splat<u64>(LOWER);
  let least = i64x2.splat(i64.MAX_VALUE);
  let most = i64x2.splat(i64.MIN_VALUE);
  let lowerSum = i64x2.splat(0);
  let upperSum = i64x2.splat(0);
  const end = at + ((<usize>count) << 3);
  for (const whole = at + ((<usize>(count & ~1)) << 3); at < whole; at += 16) {
    const values = v128.load(at);
    const other = v128.xor(values, sign);
    const signed = isSigned<T>() ? values : other;
    const unsigned = isSigned<T>() ? other : values;
    least = v128.bitselect(signed, least, i64x2.gt_s(least, signed));
    most = v128.bitselect(signed, most, i64x2.gt_s(signed, most));
    lowerSum = i64x2.add(lowerSum, v128.and(unsigned, lower));
    upperSum = i64x2.add(upperSum, i64x2.shr_u(unsigned, 32));
  }
  let low = min(i64x2.extract_lane(least, 0), i64x2.extract_lane(least, 1));
  let high = max(i64x2.extract_lane(most, 0), i64x2.extract_lane(most, 1));
  let lowerTotal = i64x2.extract_lane(lowerSum, 0) + i64x2.extract_lane(lowerSum, 1);
  let upperTotal = i64x2.extract_lane(upperSum, 0) + i64x2.extract_lane(upperSum, 1);
  if (at < end) {
    const value = load<i64>(at);
    const signed = isSigned<T>() ? value : value ^ i64.MIN_VALUE;
    const unsigned = <u64>(signed ^ i64.MIN_VALUE);
    low = min(low, signed);
    high = max(high, signed);
    lowerTotal += <i64>(unsigned & 0xffffffff);
    upperTotal += <i64>(unsigned >>> 32);
  }
  store<i64>(record, isSigned<T>() ? low : low ^ i64.MIN_VALUE);
  store<i64>(record, isSigned<T>() ? high : high ^ i64.MIN_VALUE, 8);
  store<i64>(record, lowerTotal, 16);
  store<i64>(record, upperTotal, 24);
}
