/**
 * ggml's IQ1 dtypes to f32: eight values at a time are a point of a ternary lattice, moved by an eighth up or down, times
 * the step of their sub-block. `points` are the coordinates of all points in eighths, a byte each.
 */
import { halfAt, halfOf, put } from './blocks';
import { pair } from './lattice-blocks';

/** IQ1_S: 50 bytes; lower bits of 32 points, then a word of upper bits, step and shift for four of them. */
export function iq1sBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  for (const end = at + <usize>count * 50; at < end; at += 50) {
    const scale = halfAt(at, halves);
    for (let part: usize = 0; part < 8; part++, out += 128) {
      const low = load<u32>(at + 2 + 4 * part);
      const high = <u32>load<u16>(at + 34 + 2 * part);
      const step = f32x4.splat(eighthStep(scale, (high >>> 12) & 7));
      const shift = i64x2.splat(shiftOf(high >>> 15));
      const first = pair(points, (low & 255) | ((high & 7) << 8), ((low >>> 8) & 255) | ((high & 56) << 5));
      const second = pair(
        points,
        ((low >>> 16) & 255) | ((high & 448) << 2),
        (low >>> 24) | ((high & 3584) >>> 1),
      );
      put(i8x16.add(first, shift), step, out);
      put(i8x16.add(second, shift), step, out + 64);
    }
  }
}

/** An eighth of the step of an IQ1 sub-block from three bits: a power of two, so that nothing is rounded. */
function eighthStep(scale: f32, code: u32): f32 {
  return scale * <f32>((code << 1) | 1) * 0.125;
}

/** An eighth up or down, for eight values. */
function shiftOf(bit: u32): i64 {
  return bit === 0 ? 0x0101010101010101 : -1;
}

/** IQ1_M: 56 bytes; lower bits of 32 points, nibbles of their upper bits and shift, then scales, the block's in their upper bits. */
export function iq1mBlocks(at: usize, count: u32, out: usize, halves: usize, points: usize): void {
  for (const end = at + <usize>count * 56; at < end; at += 56) {
    const scales = load<u64>(at + 48);
    const scale = halfOf(spreadScale(scales), halves);
    for (let index: u32 = 0; index < 16; index++, out += 64) {
      const low = <u32>load<u16>(at + 2 * index);
      const high = <u32>load<u8>(at + 32 + index);
      const steps = (<u32>(scales >> (16 * (index >>> 2) + 3 * (index & 3)))) & 7;
      const found = pair(points, (low & 255) | ((high & 7) << 8), (low >>> 8) | ((high & 112) << 4));
      const shift = i64x2.replace_lane(i64x2.splat(shiftOf(high & 8)), 1, shiftOf(high & 128));
      put(i8x16.add(found, shift), f32x4.splat(eighthStep(scale, steps)), out);
    }
  }
}

/** The code of a block's scale, four bits of which are the upper ones of each of four words. */
function spreadScale(words: u64): u32 {
  return <u32>(
    (((words >> 12) & 0xf) | ((words >> 24) & 0xf0) | ((words >> 36) & 0xf00) | ((words >> 48) & 0xf000))
  );
}
