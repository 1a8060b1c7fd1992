/** ggml's TQ1_0, TQ2_0, Q1_0 and Q2_0 to f32: ternary digits, or one or two bits, times a scale. */
import { bitsFrom, everywhere, halfAt, hasBit, LANE_BITS, ONE, put, THREE } from './blocks';

/** The least bytes whose first ternary digit is 1, and 2. */
const FIRST_ONE: usize = memory.data<u8>([86]);
const FIRST_TWO: usize = memory.data<u8>([171]);

/** TQ1_0: 54 bytes. 32 and then 16 bytes hold five digits each, four bytes four: a digit of all of them, then the next. */
export function ternaryDigitBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const one = everywhere(FIRST_ONE);
  const two = everywhere(FIRST_TWO);
  for (const end = at + <usize>count * 54; at < end; at += 54) {
    const step = f32x4.splat(halfAt(at + 52, halves));
    let first = v128.load(at);
    let second = v128.load(at, 16);
    for (let digit = 0; digit < 5; digit++, out += 128) {
      put(firstDigit(first, one, two), step, out);
      put(firstDigit(second, one, two), step, out + 64);
      first = withoutDigit(first);
      second = withoutDigit(second);
    }
    let third = v128.load(at, 32);
    for (let digit = 0; digit < 5; digit++, out += 64) {
      put(firstDigit(third, one, two), step, out);
      third = withoutDigit(third);
    }
    const last = v128.load_splat<u32>(at + 48);
    const secondOfLast = withoutDigit(last);
    const thirdOfLast = withoutDigit(secondOfLast);
    const firstPair = v128.shuffle<i32>(last, secondOfLast, 0, 4, 0, 4);
    const secondPair = v128.shuffle<i32>(thirdOfLast, withoutDigit(thirdOfLast), 0, 4, 0, 4);
    put(firstDigit(v128.shuffle<i64>(firstPair, secondPair, 0, 2), one, two), step, out);
    out += 64;
  }
}

/** A byte is a fraction of 256: times three, its whole part is the first digit, from which one is taken. */
function firstDigit(bytes: v128, one: v128, two: v128): v128 {
  return i8x16.sub(i8x16.lt_u(bytes, one), i8x16.ge_u(bytes, two));
}

function withoutDigit(bytes: v128): v128 {
  return i8x16.add(i8x16.add(bytes, bytes), bytes);
}

/** TQ2_0: 66 bytes; 128 values share 32 bytes, the first 32 of them the lowest two bits. */
export function ternaryBitBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const one = everywhere(ONE);
  const three = everywhere(THREE);
  for (const end = at + <usize>count * 66; at < end; at += 66) {
    const step = f32x4.splat(halfAt(at + 64, halves));
    for (let part: u32 = 0; part < 16; part++, out += 64) {
      const bytes = v128.load(at + 32 * (part >>> 3) + 16 * (part & 1));
      put(i8x16.sub(bitsFrom(bytes, part & 6, three), one), step, out);
    }
  }
}

/** Q1_0: 18 bytes, a bit for the sign of each of 128 values, set for a plus. */
export function signBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const one = everywhere(ONE);
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 18; at < end; at += 18) {
    const step = f32x4.splat(-halfAt(at, halves));
    for (let part: usize = 0; part < 16; part += 2, out += 64) {
      put(v128.or(hasBit(load<u16>(at + 2 + part), laneBits), one), step, out);
    }
  }
}

/** Q2_0: 18 bytes, two bits for each of 64 values, four neighbours a byte. */
export function bitPairBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const one = everywhere(ONE);
  const three = everywhere(THREE);
  for (const end = at + <usize>count * 18; at < end; at += 18, out += 256) {
    const step = f32x4.splat(halfAt(at, halves));
    const bytes = v128.load(at + 2);
    const first = i8x16.sub(v128.and(bytes, three), one);
    const second = i8x16.sub(bitsFrom(bytes, 2, three), one);
    const third = i8x16.sub(bitsFrom(bytes, 4, three), one);
    const fourth = i8x16.sub(bitsFrom(bytes, 6, three), one);
    putInTurns(lowInTurns(first, second), lowInTurns(third, fourth), step, out);
    putInTurns(highInTurns(first, second), highInTurns(third, fourth), step, out + 128);
  }
}

function lowInTurns(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

function highInTurns(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Pairs of bytes of one and the other in turns. */
function putInTurns(a: v128, b: v128, step: v128, out: usize): void {
  put(v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11), step, out);
  put(v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), step, out + 64);
}
