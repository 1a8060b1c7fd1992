// ggml IQ1_S, IQ1_M: eight values at a time as a point of a ternary lattice, moved by an eighth up or down, times a scale.
import { half, halfOf, u16 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';
import { IQ1_GRID, IQ1_STEPS } from '#main/kernels/dequantise/iq1-grid.ts';
import { latticePoints } from '#test/kit/plain-blocks/lattice.ts';

const LATTICE = latticePoints(IQ1_GRID, 8, 2, IQ1_STEPS);
const SHIFT = 0.125;

function putShifted(index: number, shift: number, scale: number, out: Float32Array, to: number): void {
  const points = LATTICE();
  for (let axis = 0; axis < 8; axis++) out[to + axis] = scale * (points[8 * index + axis]! + shift);
}

const iq1s: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at);
  for (let part = 0; part < 8; part++) {
    const high = u16(blocks, at + 34 + 2 * part);
    const step = Math.fround(scale * (2 * ((high >> 12) & 7) + 1));
    const shift = high & 0x8000 ? -SHIFT : SHIFT;
    for (let point = 0; point < 4; point++) {
      const index = blocks[at + 2 + 4 * part + point]! | (((high >> (3 * point)) & 7) << 8);
      putShifted(index, shift, step, out, to + 32 * part + 8 * point);
    }
  }
};

const iq1m: BlockDecoder = (blocks, at, out, to) => {
  // the scale of the block is spread over the upper four bits of the four words of scales
  let code = 0;
  for (let word = 0; word < 4; word++) code |= (u16(blocks, at + 48 + 2 * word) >> 12) << (4 * word);
  const scale = halfOf(code);
  for (let point = 0; point < 32; point++) {
    const pair = point >> 1;
    const steps = (u16(blocks, at + 48 + 2 * (pair >> 2)) >> (3 * (pair & 3))) & 7;
    const high = (blocks[at + 32 + pair]! >> (4 * (point & 1))) & 15;
    const index = blocks[at + point]! | ((high & 7) << 8);
    putShifted(index, high & 8 ? -SHIFT : SHIFT, Math.fround(scale * (2 * steps + 1)), out, to + 8 * point);
  }
};

export const oneBitLattice: readonly (readonly [string, BlockDecoder])[] = [
  ['iq1_s', iq1s],
  ['iq1_m', iq1m],
];
