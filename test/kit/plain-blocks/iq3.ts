// ggml IQ3_XXS, IQ3_S: four values at a time as a point of a lattice, with signs and a scale for 32 values.
import { half, u32 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';
import { IQ3_S_GRID, IQ3_S_STEPS, IQ3_XXS_GRID, IQ3_XXS_STEPS } from '#main/kernels/dequantise/iq3-grids.ts';
import { EVEN_SIGNS, latticePoints, putPoint } from '#test/kit/plain-blocks/lattice.ts';

const XXS = latticePoints(IQ3_XXS_GRID, 4, 4, IQ3_XXS_STEPS);
const S = latticePoints(IQ3_S_GRID, 4, 4, IQ3_S_STEPS);

const iq3xxs: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let part = 0; part < 8; part++) {
    const signs = u32(blocks, at + 66 + 4 * part);
    const step = Math.fround(Math.fround(scale * (0.5 + (signs >>> 28))) * 0.5);
    for (let point = 0; point < 8; point++) {
      const eight = EVEN_SIGNS[(signs >>> (7 * (point >> 1))) & 127]!;
      const index = blocks[at + 2 + 8 * part + point]!;
      putPoint(XXS(), 4 * index, 4, step, eight >> (4 * (point & 1)), out, to + 32 * part + 4 * point);
    }
  }
};

const iq3s: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let part = 0; part < 8; part++) {
    const scales = blocks[at + 106 + (part >> 1)]!;
    const step = Math.fround(scale * (1 + 2 * ((scales >> (4 * (part & 1))) & 15)));
    const highBits = blocks[at + 66 + part]!;
    for (let point = 0; point < 8; point++) {
      const index = blocks[at + 2 + 8 * part + point]! | (((highBits >> point) & 1) << 8);
      const signs = blocks[at + 74 + 4 * part + (point >> 1)]! >> (4 * (point & 1));
      putPoint(S(), 4 * index, 4, step, signs, out, to + 32 * part + 4 * point);
    }
  }
};

export const threeBitLattices: readonly (readonly [string, BlockDecoder])[] = [
  ['iq3_xxs', iq3xxs],
  ['iq3_s', iq3s],
];
