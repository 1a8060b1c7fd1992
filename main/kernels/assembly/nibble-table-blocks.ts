/** ggml's IQ4_NL, IQ4_XS, MXFP4 and NVFP4 to f32: each nibble chooses one of sixteen numbers, which a scale multiplies. */
import { bitsFrom, everywhere, FIFTEEN, halfAt, put } from './blocks';

/** ggml src/ggml-common.h, kvalues_iq4nl. */
const UNEVEN: usize = memory.data<i8>(
  [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
  16,
);
/** Twice the number of each E2M1 code, so that all are whole; -0 is 0, since ggml keeps integers here. */
const DOUBLED: usize = memory.data<i8>([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], 16);

/** Thirty-two values: low nibbles are the first half, high nibbles the second. */
function putNibbles(codes: v128, numbers: v128, nibble: v128, step: v128, out: usize): void {
  put(i8x16.swizzle(numbers, v128.and(codes, nibble)), step, out);
  put(i8x16.swizzle(numbers, bitsFrom(codes, 4, nibble)), step, out + 64);
}

/** IQ4_NL: 18 bytes. */
export function unevenBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const nibble = everywhere(FIFTEEN);
  const numbers = v128.load(UNEVEN);
  for (const end = at + <usize>count * 18; at < end; at += 18, out += 128) {
    putNibbles(v128.load(at + 2), numbers, nibble, f32x4.splat(halfAt(at, halves)), out);
  }
}

/** IQ4_XS: 136 bytes, eight sub-blocks with scales of six bits: four lower bits each in bytes 4 to 7, two upper ones in bytes 2 and 3. */
export function scaledUnevenBlocks(at: usize, count: u32, out: usize, halves: usize): void {
  const nibble = everywhere(FIFTEEN);
  const numbers = v128.load(UNEVEN);
  for (const end = at + <usize>count * 136; at < end; at += 136) {
    const scale = halfAt(at, halves);
    const high = <u32>load<u16>(at + 2);
    const low = load<u32>(at + 4);
    for (let part: u32 = 0; part < 8; part++, out += 128) {
      const steps = ((low >>> (4 * part)) & 15) | (((high >>> (2 * part)) & 3) << 4);
      const step = f32x4.splat(scale * <f32>(<i32>steps - 32));
      putNibbles(v128.load(at + 8 + 16 * part), numbers, nibble, step, out);
    }
  }
}

/** MXFP4: 17 bytes, the scale in E8M0. */
export function microscaledBlocks(at: usize, count: u32, out: usize, _halves: usize): void {
  const nibble = everywhere(FIFTEEN);
  const numbers = v128.load(DOUBLED);
  for (const end = at + <usize>count * 17; at < end; at += 17, out += 128) {
    putNibbles(v128.load(at + 1), numbers, nibble, f32x4.splat(halfPower(load<u8>(at))), out);
  }
}

/** Half of the scale of an E8M0 code; the two least are denormal. */
function halfPower(code: u32): f32 {
  return reinterpret<f32>(code < 2 ? 0x00200000 << code : (code - 1) << 23);
}

/** NVFP4: 36 bytes, four sub-blocks of sixteen values, whose scales of E4M3 come first. */
export function floatScaledBlocks(at: usize, count: u32, out: usize, _halves: usize): void {
  const nibble = everywhere(FIFTEEN);
  const numbers = v128.load(DOUBLED);
  for (const end = at + <usize>count * 36; at < end; at += 36) {
    for (let part: usize = 0; part < 4; part++, out += 64) {
      const bytes = v128.load64_zero(at + 4 + 8 * part);
      const codes = v128.shuffle<i64>(v128.and(bytes, nibble), bitsFrom(bytes, 4, nibble), 0, 2);
      put(i8x16.swizzle(numbers, codes), f32x4.splat(halfScale(load<u8>(at + part))), out);
    }
  }
}

/** Half of the scale of an unsigned E4M3 code, whose upper bit says nothing and whose NaN counts as nothing. */
function halfScale(code: u32): f32 {
  if (code === 0x7f) return 0;
  const exponent = (code >>> 3) & 15;
  const mantissa = code & 7;
  if (exponent === 0) return <f32>mantissa * 0.0009765625;
  return reinterpret<f32>(((exponent + 119) << 23) | (mantissa << 20));
}
