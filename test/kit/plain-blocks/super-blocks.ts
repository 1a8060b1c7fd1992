// ggml Q2_K, Q4_K, Q5_K: 256 values in sub-blocks, each with a scale and a least value that are multiples of the block's own.
import { half } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

const q2k: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at + 80);
  const least = half(blocks, at + 82);
  for (let part = 0; part < 16; part++) {
    const nibbles = blocks[at + part]!;
    const step = Math.fround(scale * (nibbles & 15));
    const offset = Math.fround(least * (nibbles >> 4));
    // 128 values share 32 bytes: two sub-blocks of 16 for each pair of bits
    const codesAt = at + 16 + 32 * (part >> 3) + 16 * (part & 1);
    const shift = (part & 6) as 0 | 2 | 4 | 6;
    for (let j = 0; j < 16; j++) {
      out[to + 16 * part + j] = Math.fround(step * ((blocks[codesAt + j]! >> shift) & 3)) - offset;
    }
  }
};

/** Eight scales and eight least values of six bits each in twelve bytes: the upper bits of the last four lie over the first eight bytes. */
function sixBits(blocks: Uint8Array, at: number, index: number): readonly [scale: number, least: number] {
  if (index < 4) return [blocks[at + index]! & 63, blocks[at + index + 4]! & 63];
  const low = blocks[at + index + 4]!;
  return [(low & 15) | ((blocks[at + index - 4]! >> 6) << 4), (low >> 4) | ((blocks[at + index]! >> 6) << 4)];
}

/** @param fifthAt where the fifth bits are: bit `part` of byte j belongs to value j of that part. */
function sixBitScaled(codesAt: number, fifthAt: number | undefined): BlockDecoder {
  return (blocks, at, out, to) => {
    const scale = half(blocks, at);
    const least = half(blocks, at + 2);
    for (let part = 0; part < 8; part++) {
      const [steps, offsets] = sixBits(blocks, at + 4, part);
      const step = Math.fround(scale * steps);
      const offset = Math.fround(least * offsets);
      const from = at + codesAt + 32 * (part >> 1);
      const shift = 4 * (part & 1);
      for (let j = 0; j < 32; j++) {
        const fifth = fifthAt === undefined ? 0 : (blocks[at + fifthAt + j]! >> part) & 1;
        const code = ((blocks[from + j]! >> shift) & 15) + 16 * fifth;
        out[to + 32 * part + j] = Math.fround(step * code) - offset;
      }
    }
  };
}

export const superBlocks: readonly (readonly [string, BlockDecoder])[] = [
  ['q2_k', q2k],
  ['q4_k', sixBitScaled(16, undefined)],
  ['q5_k', sixBitScaled(48, 16)],
];
