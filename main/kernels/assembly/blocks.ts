/**
 * What the kernels of ggml's block dtypes share. Every value is a signed byte times the step of its sub-block, sixteen of
 * them at a time. Kernels are given the address and count of the blocks, where their numbers go, and `halves`, the f32
 * number of every binary16 code.
 */

/** Bytes that loops keep in registers, in all lanes: loaded before the loop, V8 does not make them anew at every turn. */
export const ONE: usize = memory.data<u8>([1]);
export const THREE: usize = memory.data<u8>([3]);
export const FOUR: usize = memory.data<u8>([4]);
export const FIFTEEN: usize = memory.data<u8>([15]);
export const SIXTEEN: usize = memory.data<u8>([16]);
export const THIRTY_TWO: usize = memory.data<u8>([32]);
/** The bit of each lane within its eight. */
export const LANE_BITS: usize = memory.data<u8>([1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);

export function everywhere(byte: usize): v128 {
  return v128.load_splat<u8>(byte);
}

export function halfAt(at: usize, halves: usize): f32 {
  return halfOf(load<u16>(at), halves);
}

export function halfOf(code: u32, halves: usize): f32 {
  return load<f32>(halves + ((<usize>code) << 2));
}

/** Sixteen signed bytes times their step. */
export function put(codes: v128, step: v128, out: usize): void {
  const low = i16x8.extend_low_i8x16_s(codes);
  const high = i16x8.extend_high_i8x16_s(codes);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), step));
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), step), 16);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), step), 32);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), step), 48);
}

/** As `put`, less an offset. */
export function putLess(codes: v128, step: v128, offset: v128, out: usize): void {
  const low = i16x8.extend_low_i8x16_s(codes);
  const high = i16x8.extend_high_i8x16_s(codes);
  v128.store(out, less(i32x4.extend_low_i16x8_s(low), step, offset));
  v128.store(out, less(i32x4.extend_high_i16x8_s(low), step, offset), 16);
  v128.store(out, less(i32x4.extend_low_i16x8_s(high), step, offset), 32);
  v128.store(out, less(i32x4.extend_high_i16x8_s(high), step, offset), 48);
}

function less(codes: v128, step: v128, offset: v128): v128 {
  return f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(codes), step), offset);
}

/** Codes of less than a byte from `shift` on, where `mask` has their bits: what comes in from the neighbour lies above them. */
export function bitsFrom(bytes: v128, shift: u32, mask: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, shift), mask);
}

/** All ones in each of sixteen bytes whose bit is set. @param laneBits as `LANE_BITS` has them. */
export function hasBit(sixteen: u32, laneBits: v128): v128 {
  const halves = i16x8.splat(<i16>sixteen);
  const bytes = v128.shuffle<i8>(halves, halves, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return i8x16.eq(v128.and(bytes, laneBits), laneBits);
}
