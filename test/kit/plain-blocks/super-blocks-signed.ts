// ggml Q3_K, Q6_K, Q8_K: 256 values around zero in sub-blocks of 16, each with a signed multiple of the block's scale.
import { half, i8, u32 } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

/** Sixteen scales of six bits in twelve bytes: four lower bits each in the first eight, two upper bits each in the last four. */
function threeBitScale(blocks: Uint8Array, at: number, part: number): number {
  const low = part < 8 ? blocks[at + part]! & 15 : blocks[at + part - 8]! >> 4;
  const high = (blocks[at + 8 + (part & 3)]! >> (2 * (part >> 2))) & 3;
  return (low | (high << 4)) - 32;
}

const q3k: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at + 108);
  for (let part = 0; part < 16; part++) {
    const step = Math.fround(scale * threeBitScale(blocks, at + 96, part));
    const inByte = 16 * (part & 1);
    const codesAt = at + 32 + 32 * (part >> 3) + inByte;
    const shift = part & 6;
    const highBit = 1 << (part >> 1);
    for (let j = 0; j < 16; j++) {
      // a set high bit means that nothing is taken away
      const away = blocks[at + inByte + j]! & highBit ? 0 : 4;
      out[to + 16 * part + j] = step * (((blocks[codesAt + j]! >> shift) & 3) - away);
    }
  }
};

const q6k: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at + 208);
  for (let part = 0; part < 16; part++) {
    const step = Math.fround(scale * i8(blocks, at + 192 + part));
    const halfBlock = part >> 3;
    const quarter = (part >> 1) & 3;
    const lane = 16 * (part & 1);
    const lowAt = at + 64 * halfBlock + 32 * (quarter & 1) + lane;
    const highAt = at + 128 + 32 * halfBlock + lane;
    const lowShift = quarter < 2 ? 0 : 4;
    for (let j = 0; j < 16; j++) {
      const low = (blocks[lowAt + j]! >> lowShift) & 15;
      const high = (blocks[highAt + j]! >> (2 * quarter)) & 3;
      out[to + 16 * part + j] = step * ((low | (high << 4)) - 32);
    }
  }
};

const floatBits = new Uint32Array(1);
const floatValue = new Float32Array(floatBits.buffer);

const q8k: BlockDecoder = (blocks, at, out, to) => {
  floatBits[0] = u32(blocks, at);
  const scale = floatValue[0]!;
  for (let j = 0; j < 256; j++) out[to + j] = scale * i8(blocks, at + 4 + j);
};

export const superBlocksSigned: readonly (readonly [string, BlockDecoder])[] = [
  ['q3_k', q3k],
  ['q6_k', q6k],
  ['q8_k', q8k],
];
