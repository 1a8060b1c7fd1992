// ggml IQ2_XXS, IQ2_XS, IQ2_S: eight values at a time as a point of a lattice, with signs and a scale for 16 or 32 values.
import { half, u16, u32 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';
import { IQ2_S_GRID, IQ2_STEPS, IQ2_XS_GRID, IQ2_XXS_GRID } from '#main/kernels/dequantise/iq2-grids.ts';
import { EVEN_SIGNS, latticePoints, putPoint } from '#test/kit/plain-blocks/lattice.ts';

const XXS = latticePoints(IQ2_XXS_GRID, 8, 2, IQ2_STEPS);
const XS = latticePoints(IQ2_XS_GRID, 8, 2, IQ2_STEPS);
const S = latticePoints(IQ2_S_GRID, 8, 2, IQ2_STEPS);

/** The scale of a sub-block from four bits. */
function subScale(scale: number, code: number): number {
  return Math.fround(Math.fround(scale * (0.5 + code)) * 0.25);
}

const iq2xxs: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let part = 0; part < 8; part++) {
    const from = at + 2 + 8 * part;
    const signs = u32(blocks, from + 4);
    const step = subScale(scale, signs >>> 28);
    for (let point = 0; point < 4; point++) {
      const bits = EVEN_SIGNS[(signs >>> (7 * point)) & 127]!;
      putPoint(XXS(), 8 * blocks[from + point]!, 8, step, bits, out, to + 32 * part + 8 * point);
    }
  }
};

const iq2xs: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let point = 0; point < 32; point++) {
    const codes = u16(blocks, at + 2 + 2 * point);
    const scales = blocks[at + 66 + (point >> 2)]!;
    const step = subScale(scale, (scales >> (4 * ((point >> 1) & 1))) & 15);
    putPoint(XS(), 8 * (codes & 511), 8, step, EVEN_SIGNS[codes >> 9]!, out, to + 8 * point);
  }
};

const iq2s: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let point = 0; point < 32; point++) {
    const part = point >> 2;
    const high = (blocks[at + 66 + part]! >> (2 * (point & 3))) & 3;
    const index = blocks[at + 2 + point]! | (high << 8);
    const scales = blocks[at + 74 + part]!;
    const step = subScale(scale, (scales >> (4 * ((point >> 1) & 1))) & 15);
    putPoint(S(), 8 * index, 8, step, blocks[at + 34 + point]!, out, to + 8 * point);
  }
};

export const twoBitLattices: readonly (readonly [string, BlockDecoder])[] = [
  ['iq2_xxs', iq2xxs],
  ['iq2_xs', iq2xs],
  ['iq2_s', iq2s],
];
