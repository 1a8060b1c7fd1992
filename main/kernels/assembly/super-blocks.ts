/** ggml's Q2_K to Q6_K to f32: 256 values in sub-blocks, whose scales, and for some least values, are multiples of the block's own. */
import { bitsFrom, everywhere, FIFTEEN, FOUR, halfAt, ONE, put, putLess, THIRTY_TWO, THREE } from './blocks';

/** Q2_K: 84 bytes. */
export function twoBitBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const three = everywhere(THREE);
  for (const end = at + <usize>count * 84; at < end; at += 84) {
    const scale = halfAt(at + 80, halves);
    const least = halfAt(at + 82, halves);
    for (let part: u32 = 0; part < 16; part++, out += 64) {
      const nibbles = <u32>load<u8>(at + part);
      const step = f32x4.splat(scale * <f32>(nibbles & 15));
      const offset = f32x4.splat(least * <f32>(nibbles >>> 4));
      putLess(twoBitsOf(at + 16, part, three), step, offset, out);
    }
  }
}

/** The codes of a sub-block of sixteen values: 128 values share 32 bytes, two sub-blocks for each pair of bits. */
function twoBitsOf(codes: usize, part: u32, three: v128): v128 {
  return bitsFrom(v128.load(codes + 32 * (part >>> 3) + 16 * (part & 1)), part & 6, three);
}

/** Q3_K: 110 bytes. Third bits are in the first 32: bit i of byte j is that of value 32i + j. */
export function threeBitBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const one = everywhere(ONE);
  const three = everywhere(THREE);
  const origin = everywhere(FOUR);
  for (const end = at + <usize>count * 110; at < end; at += 110) {
    const scale = halfAt(at + 108, halves);
    for (let part: u32 = 0; part < 16; part++, out += 64) {
      const step = f32x4.splat(scale * <f32>(<i32>threeBitScale(at + 96, part) - 32));
      const third = bitsFrom(v128.load(at + 16 * (part & 1)), part >>> 1, one);
      const codes = v128.or(twoBitsOf(at + 32, part, three), i16x8.shl(third, 2));
      put(i8x16.sub(codes, origin), step, out);
    }
  }
}

/** Sixteen scales of six bits in twelve bytes: four lower bits each in the first eight, two upper bits each in the last four. */
function threeBitScale(at: usize, part: u32): u32 {
  const low = ((<u32>load<u8>(at + (part & 7))) >>> (4 * (part >>> 3))) & 15;
  return low | ((((<u32>load<u8>(at + 8 + (part & 3))) >>> (2 * (part >>> 2))) & 3) << 4);
}

/** Q4_K, and Q5_K with its fifth bits. @param fifthAt 0 where there are none. */
export function sixBitScaledBlocks(
  at: usize,
  count: u32,
  out: usize,
  halves: usize,
  blockBytes: u32,
  codesAt: u32,
  fifthAt: u32,
): void {
  const nibble = everywhere(FIFTEEN);
  const one = everywhere(ONE);
  for (const end = at + <usize>count * blockBytes; at < end; at += blockBytes) {
    const scale = halfAt(at, halves);
    const least = halfAt(at + 2, halves);
    for (let part: u32 = 0; part < 8; part++, out += 128) {
      const step = f32x4.splat(scale * <f32>sixBitScale(at + 4, part));
      const offset = f32x4.splat(least * <f32>sixBitLeast(at + 4, part));
      const from = at + codesAt + 32 * (part >>> 1);
      const shift = 4 * (part & 1);
      let first = bitsFrom(v128.load(from), shift, nibble);
      let second = bitsFrom(v128.load(from, 16), shift, nibble);
      if (fifthAt !== 0) {
        first = v128.or(first, fifthOf(v128.load(at + fifthAt), part, one));
        second = v128.or(second, fifthOf(v128.load(at + fifthAt + 16), part, one));
      }
      putLess(first, step, offset, out);
      putLess(second, step, offset, out + 64);
    }
  }
}

function fifthOf(bytes: v128, part: u32, one: v128): v128 {
  return i16x8.shl(bitsFrom(bytes, part, one), 4);
}

/** The upper bits of the last four scales and least values lie over the first eight bytes. */
function sixBitScale(at: usize, index: u32): u32 {
  if (index < 4) return load<u8>(at + index) & 63;
  return (load<u8>(at + index + 4) & 15) | (((<u32>load<u8>(at + index - 4)) >>> 6) << 4);
}

function sixBitLeast(at: usize, index: u32): u32 {
  if (index < 4) return load<u8>(at + index + 4) & 63;
  return ((<u32>load<u8>(at + index + 4)) >>> 4) | (((<u32>load<u8>(at + index)) >>> 6) << 4);
}

/** Q6_K: 210 bytes. */
export function sixBitBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const nibble = everywhere(FIFTEEN);
  const three = everywhere(THREE);
  const origin = everywhere(THIRTY_TWO);
  for (const end = at + <usize>count * 210; at < end; at += 210) {
    const scale = halfAt(at + 208, halves);
    for (let part: u32 = 0; part < 16; part++, out += 64) {
      const step = f32x4.splat(scale * <f32>load<i8>(at + 192 + part));
      const half = part >>> 3;
      const quarter = (part >>> 1) & 3;
      const lane = 16 * (part & 1);
      const low = v128.load(at + 64 * half + 32 * (quarter & 1) + lane);
      const high = v128.load(at + 128 + 32 * half + lane);
      const upper = i16x8.shl(bitsFrom(high, 2 * quarter, three), 4);
      put(i8x16.sub(v128.or(bitsFrom(low, quarter < 2 ? 0 : 4, nibble), upper), origin), step, out);
    }
  }
}
