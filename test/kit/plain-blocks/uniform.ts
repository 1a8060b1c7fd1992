// ggml Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1: 32 equally spaced values a block, from a scale and for the _1 kinds the least value.
import { half, i8, u32 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

const HALF_BLOCK = 16;

/** Low nibbles are the first half of the block, high nibbles the second; further bits come from a word, one an element. */
function nibbleBlocks(
  codesAt: number,
  high: number | undefined,
  zero: number,
  leastAt: number | undefined,
): BlockDecoder {
  return (blocks, at, out, to) => {
    const scale = half(blocks, at);
    const least = leastAt === undefined ? 0 : half(blocks, at + leastAt);
    const highBits = high === undefined ? 0 : u32(blocks, at + high);
    for (let j = 0; j < HALF_BLOCK; j++) {
      const codes = blocks[at + codesAt + j]!;
      const first = ((codes & 15) | (((highBits >>> j) & 1) << 4)) - zero;
      const second = ((codes >> 4) | (((highBits >>> (j + HALF_BLOCK)) & 1) << 4)) - zero;
      // without a least value there is no sum, which would turn -0 into 0
      if (leastAt === undefined) {
        out[to + j] = first * scale;
        out[to + j + HALF_BLOCK] = second * scale;
      } else {
        out[to + j] = Math.fround(first * scale) + least;
        out[to + j + HALF_BLOCK] = Math.fround(second * scale) + least;
      }
    }
  };
}

/** One signed byte an element. */
function byteBlocks(codesAt: number): BlockDecoder {
  return (blocks, at, out, to) => {
    const scale = half(blocks, at);
    for (let j = 0; j < 2 * HALF_BLOCK; j++) out[to + j] = i8(blocks, at + codesAt + j) * scale;
  };
}

export const uniform: readonly (readonly [string, BlockDecoder])[] = [
  ['q4_0', nibbleBlocks(2, undefined, 8, undefined)],
  ['q4_1', nibbleBlocks(4, undefined, 0, 2)],
  ['q5_0', nibbleBlocks(6, 2, 16, undefined)],
  ['q5_1', nibbleBlocks(8, 4, 0, 2)],
  ['q8_0', byteBlocks(2)],
  // the second half is a sum for dot products, not a part of the values
  ['q8_1', byteBlocks(4)],
];
