/**
 * ggml's IQ2 and IQ3 dtypes to f32: eight or four values at a time are a point of a lattice, whose coordinates are signed
 * and multiplied by the step of their sub-block. `points` are the coordinates of all points of the lattice, a byte each.
 */
import { halfAt, hasBit, LANE_BITS, put } from './blocks';

/** Sixteen coordinates times their step; negative where a bit of `signs` is set. */
function putSigned(coordinates: v128, signs: u32, laneBits: v128, step: f32, out: usize): void {
  const negative = hasBit(signs, laneBits);
  put(i8x16.sub(v128.xor(coordinates, negative), negative), f32x4.splat(step), out);
}

/** Two points of eight coordinates. */
export function pair(points: usize, first: usize, second: usize): v128 {
  return v128.load_lane<u64>(points + (second << 3), v128.load64_zero(points + (first << 3)), 1);
}

/** Four points of four coordinates. */
function four(points: usize, first: usize, second: usize, third: usize, fourth: usize): v128 {
  let found = v128.load32_zero(points + (first << 2));
  found = v128.load_lane<u32>(points + (second << 2), found, 1);
  found = v128.load_lane<u32>(points + (third << 2), found, 2);
  return v128.load_lane<u32>(points + (fourth << 2), found, 3);
}

/** Eight sign bits from seven: the eighth makes their number even. */
function evenSigns(bits: u32): u32 {
  return bits | ((popcnt(bits) & 1) << 7);
}

/** Twice eight sign bits from twice seven. */
function evenSignsOfPair(bits: u32): u32 {
  return evenSigns(bits & 127) | (evenSigns((bits >>> 7) & 127) << 8);
}

/** The step of an IQ2 sub-block from four bits. */
function quarterStep(scale: f32, code: u32): f32 {
  return scale * (0.5 + <f32>code) * 0.25;
}

/** IQ2_XXS: 66 bytes; a word with four points of 32 values, and one with their signs and step. */
export function iq2xxsBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 66; at < end; at += 66) {
    const scale = halfAt(at, halves);
    for (let from = at + 2; from < at + 66; from += 8, out += 128) {
      const signs = load<u32>(from + 4);
      const step = quarterStep(scale, signs >>> 28);
      const first = pair(points, load<u8>(from), load<u8>(from + 1));
      const second = pair(points, load<u8>(from + 2), load<u8>(from + 3));
      putSigned(first, evenSignsOfPair(signs), laneBits, step, out);
      putSigned(second, evenSignsOfPair(signs >>> 14), laneBits, step, out + 64);
    }
  }
}

/** IQ2_XS: 74 bytes; nine bits of a point and seven of its signs, then a nibble of a step for two points. */
export function iq2xsBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 74; at < end; at += 74) {
    const scale = halfAt(at, halves);
    for (let index: u32 = 0; index < 16; index++, out += 64) {
      const codes = load<u32>(at + 2 + 4 * index);
      const signs = evenSigns((codes >>> 9) & 127) | (evenSigns(codes >>> 25) << 8);
      const step = quarterStep(scale, nibbleOf(at + 66, index));
      putSigned(pair(points, codes & 511, (codes >>> 16) & 511), signs, laneBits, step, out);
    }
  }
}

function nibbleOf(at: usize, index: u32): u32 {
  return ((<u32>load<u8>(at + (index >>> 1))) >>> (4 * (index & 1))) & 15;
}

/** IQ2_S: 82 bytes; lower bits of 32 points, their signs, upper bits of the points, and a nibble of a step for two points. */
export function iq2sBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 82; at < end; at += 82) {
    const scale = halfAt(at, halves);
    for (let index: u32 = 0; index < 16; index++, out += 64) {
      const high = nibbleOf(at + 66, index);
      const low = <u32>load<u16>(at + 2 + 2 * index);
      const first = (low & 255) | ((high & 3) << 8);
      const second = (low >>> 8) | ((high >>> 2) << 8);
      const step = quarterStep(scale, nibbleOf(at + 74, index));
      putSigned(pair(points, first, second), load<u16>(at + 34 + 2 * index), laneBits, step, out);
    }
  }
}

/** IQ3_XXS: 98 bytes; a byte for each of 64 points, and a word of signs and step for eight of them. */
export function iq3xxsBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 98; at < end; at += 98) {
    const scale = halfAt(at, halves);
    for (let index: u32 = 0; index < 16; index++, out += 64) {
      const word = load<u32>(at + 66 + 4 * (index >>> 1));
      const codes = load<u32>(at + 2 + 4 * index);
      const found = four(points, codes & 255, (codes >>> 8) & 255, (codes >>> 16) & 255, codes >>> 24);
      const step: f32 = scale * (0.5 + <f32>(word >>> 28)) * 0.5;
      putSigned(found, evenSignsOfPair(word >>> (14 * (index & 1))), laneBits, step, out);
    }
  }
}

/** IQ3_S: 110 bytes; lower bits of 64 points, their upper bit, 256 signs, and a nibble of a step for eight points. */
export function iq3sBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  const laneBits = v128.load(LANE_BITS);
  for (const end = at + <usize>count * 110; at < end; at += 110) {
    const scale = halfAt(at, halves);
    for (let index: u32 = 0; index < 16; index++, out += 64) {
      const codes = load<u32>(at + 2 + 4 * index);
      const high = nibbleOf(at + 66, index) << 8;
      const found = four(
        points,
        (codes & 255) | (high & 256),
        ((codes >>> 8) & 255) | ((high >>> 1) & 256),
        ((codes >>> 16) & 255) | ((high >>> 2) & 256),
        (codes >>> 24) | ((high >>> 3) & 256),
      );
      const step = scale * <f32>((nibbleOf(at + 106, index >>> 1) << 1) | 1);
      putSigned(found, load<u16>(at + 74 + 2 * index), laneBits, step, out);
    }
  }
}
