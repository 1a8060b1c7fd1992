// ggml IQ4_NL, IQ4_XS: sixteen unequally spaced values times a scale.
import { half, u16 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

/** ggml src/ggml-common.h, kvalues_iq4nl. */
const VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** 32 values: low nibbles are the first half, high nibbles the second. */
function part(blocks: Uint8Array, at: number, scale: number, out: Float32Array, to: number): void {
  for (let j = 0; j < 16; j++) {
    const codes = blocks[at + j]!;
    out[to + j] = scale * VALUES[codes & 15]!;
    out[to + j + 16] = scale * VALUES[codes >> 4]!;
  }
}

const iq4nl: BlockDecoder = (blocks, at, out, to) => part(blocks, at + 2, half(blocks, at), out, to);

const iq4xs: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  const highBits = u16(blocks, at + 2);
  for (let index = 0; index < 8; index++) {
    const low = (blocks[at + 4 + (index >> 1)]! >> (4 * (index & 1))) & 15;
    const steps = (low | (((highBits >> (2 * index)) & 3) << 4)) - 32;
    part(blocks, at + 8 + 16 * index, Math.fround(scale * steps), out, to + 32 * index);
  }
};

export const fourBitLattice: readonly (readonly [string, BlockDecoder])[] = [
  ['iq4_nl', iq4nl],
  ['iq4_xs', iq4xs],
];
