// ggml Q1_0, Q2_0: one bit for the sign of the scale, or two bits for -1 to 2 times the scale; the first value in the lowest bits.
import { half } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

const q1: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let i = 0; i < 128; i++) {
    out[to + i] = (blocks[at + 2 + (i >> 3)]! >> (i & 7)) & 1 ? scale : -scale;
  }
};

const q2: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let i = 0; i < 64; i++) {
    out[to + i] = (((blocks[at + 2 + (i >> 2)]! >> (2 * (i & 3))) & 3) - 1) * scale;
  }
};

export const signedBits: readonly (readonly [string, BlockDecoder])[] = [
  ['q1_0', q1],
  ['q2_0', q2],
];
