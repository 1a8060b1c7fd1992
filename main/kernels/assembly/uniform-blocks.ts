/** ggml's Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1 and Q8_K to f32: equally spaced values from a scale, and for some the least value. */
import { bitsFrom, everywhere, FIFTEEN, halfAt, hasBit, LANE_BITS, put, putLess, SIXTEEN } from './blocks';

/**
 * Q4_0, Q4_1, Q5_0, Q5_1. Offsets are bytes of a block.
 * @param highAt of the word of fifth bits; 0 where there is none. @param leastAt of the least value; 0 where there is none.
 */
export function nibbleBlocks(
  at: usize,
  count: u32,
  out: usize,
  halves: usize,
  blockBytes: u32,
  codesAt: u32,
  highAt: u32,
  zero: i32,
  leastAt: u32,
): void {
  const nibble = everywhere(FIFTEEN);
  const fifth = everywhere(SIXTEEN);
  const laneBits = v128.load(LANE_BITS);
  const origin = i8x16.splat(<i8>zero);
  for (const end = at + <usize>count * blockBytes; at < end; at += blockBytes, out += 128) {
    const codes = v128.load(at + codesAt);
    let first = v128.and(codes, nibble);
    let second = bitsFrom(codes, 4, nibble);
    if (highAt !== 0) {
      const word = load<u32>(at + highAt);
      first = v128.or(first, v128.and(hasBit(word & 0xffff, laneBits), fifth));
      second = v128.or(second, v128.and(hasBit(word >>> 16, laneBits), fifth));
    }
    const step = f32x4.splat(halfAt(at, halves));
    if (leastAt === 0) {
      put(i8x16.sub(first, origin), step, out);
      put(i8x16.sub(second, origin), step, out + 64);
    } else {
      const offset = f32x4.neg(f32x4.splat(halfAt(at + leastAt, halves)));
      putLess(first, step, offset, out);
      putLess(second, step, offset, out + 64);
    }
  }
}

/** Q8_0 and Q8_1: thirty-two signed bytes. */
export function byteBlocks(
  at: usize,
  count: u32,
  out: usize,
  halves: usize,
  blockBytes: u32,
  codesAt: u32,
): void {
  for (const end = at + <usize>count * blockBytes; at < end; at += blockBytes, out += 128) {
    const step = f32x4.splat(halfAt(at, halves));
    put(v128.load(at + codesAt), step, out);
    put(v128.load(at + codesAt + 16), step, out + 64);
  }
}

/** Q8_K: 292 bytes, a scale of 32 bits and 256 signed bytes; sums for dot products follow. */
export function longByteBlocks(at: usize, count: u32, out: usize, _halves: usize): void {
  for (const end = at + <usize>count * 292; at < end; at += 292) {
    const step = v128.load_splat<u32>(at);
    for (let part: usize = 0; part < 256; part += 16, out += 64) put(v128.load(at + 4 + part), step, out);
  }
}
