/**
 * ggml's common block dtypes to f32: see `main/kernels/dequantise`, whose decoders give the same bits one value at a time.
 * Every code is a signed byte; sixteen at a time are multiplied by their step. `halves` is the f32 number of every binary16 code.
 */

function halfAt(at: usize, halves: usize): f32 {
  return load<f32>(halves + ((<usize>load<u16>(at)) << 2));
}

/** Sixteen signed bytes times their step. */
function put(codes: v128, step: v128, out: usize): void {
  const low = i16x8.extend_low_i8x16_s(codes);
  const high = i16x8.extend_high_i8x16_s(codes);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), step));
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), step), 16);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), step), 32);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), step), 48);
}

/** As `put`, less an offset. */
function putLess(codes: v128, step: v128, offset: v128, out: usize): void {
  put(codes, step, out);
  v128.store(out, f32x4.sub(v128.load(out), offset));
  v128.store(out, f32x4.sub(v128.load(out, 16), offset), 16);
  v128.store(out, f32x4.sub(v128.load(out, 32), offset), 32);
  v128.store(out, f32x4.sub(v128.load(out, 48), offset), 48);
}

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
  const nibble = i8x16.splat(15);
  const fifth = i8x16.splat(16);
  const bits = i64x2.splat(0x8040201008040201);
  const origin = i8x16.splat(<i8>zero);
  for (const end = at + <usize>count * blockBytes; at < end; at += blockBytes, out += 128) {
    const codes = v128.load(at + codesAt);
    let first = v128.and(codes, nibble);
    let second = i8x16.shr_u(codes, 4);
    if (highAt !== 0) {
      const word = load<u32>(at + highAt);
      first = v128.or(first, v128.and(hasBit(word & 0xffff, bits), fifth));
      second = v128.or(second, v128.and(hasBit(word >>> 16, bits), fifth));
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

/** All ones in each of sixteen bytes whose bit is set. */
function hasBit(sixteen: u32, bits: v128): v128 {
  const low = <i64>(<u64>(sixteen & 0xff) * 0x0101010101010101);
  const high = <i64>(<u64>(sixteen >>> 8) * 0x0101010101010101);
  return i8x16.eq(v128.and(i64x2.replace_lane(i64x2.splat(low), 1, high), bits), bits);
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
  const nibble = i8x16.splat(15);
  const one = i8x16.splat(1);
  for (const end = at + <usize>count * blockBytes; at < end; at += blockBytes) {
    const scale = halfAt(at, halves);
    const least = halfAt(at + 2, halves);
    for (let part: u32 = 0; part < 8; part++, out += 128) {
      const step = f32x4.splat(scale * <f32>sixBitScale(at + 4, part));
      const offset = f32x4.splat(least * <f32>sixBitLeast(at + 4, part));
      const from = at + codesAt + 32 * (part >>> 1);
      const shift = <i32>(4 * (part & 1));
      let first = v128.and(i8x16.shr_u(v128.load(from), shift), nibble);
      let second = v128.and(i8x16.shr_u(v128.load(from, 16), shift), nibble);
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
  return i8x16.shl(v128.and(i8x16.shr_u(bytes, part), one), 4);
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
  const nibble = i8x16.splat(15);
  const two = i8x16.splat(3);
  const origin = i8x16.splat(32);
  for (const end = at + <usize>count * 210; at < end; at += 210) {
    const scale = halfAt(at + 208, halves);
    for (let part: u32 = 0; part < 16; part++, out += 64) {
      const step = f32x4.splat(scale * <f32>load<i8>(at + 192 + part));
      const half = part >>> 3;
      const quarter = (part >>> 1) & 3;
      const lane = 16 * (part & 1);
      const low = v128.load(at + 64 * half + 32 * (quarter & 1) + lane);
      const high = v128.load(at + 128 + 32 * half + lane);
      const lower = v128.and(i8x16.shr_u(low, quarter < 2 ? 0 : 4), nibble);
      const upper = i8x16.shl(v128.and(i8x16.shr_u(high, 2 * quarter), two), 4);
      put(i8x16.sub(v128.or(lower, upper), origin), step, out);
    }
  }
}
