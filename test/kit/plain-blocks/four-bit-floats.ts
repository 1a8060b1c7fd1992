// ggml MXFP4, NVFP4: E2M1 numbers (OCP Microscaling Formats 1.0) times a scale that is itself a small float.
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

/** Twice the number of each E2M1 code, so that all are whole; -0 is 0, since ggml keeps integers here. */
const DOUBLED = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12] as const;

/** Half of the scale of an E8M0 code; the two least are denormal. */
function halfPower(code: number): number {
  return 2 ** (code - 128);
}

/** Half of the scale of an unsigned E4M3 code, whose upper bit says nothing and whose NaN counts as nothing. */
function halfScale(code: number): number {
  if (code === 0 || code === 0x7f) return 0;
  const exponent = (code >> 3) & 15;
  const mantissa = code & 7;
  return exponent === 0 ? mantissa * 2 ** -10 : (1 + mantissa / 8) * 2 ** (exponent - 8);
}

/** Low nibbles are the first half of `count` values, high nibbles the second. */
function nibbles(
  blocks: Uint8Array,
  at: number,
  count: number,
  scale: number,
  out: Float32Array,
  to: number,
): void {
  for (let j = 0; j < count / 2; j++) {
    const codes = blocks[at + j]!;
    out[to + j] = DOUBLED[codes & 15]! * scale;
    out[to + j + count / 2] = DOUBLED[codes >> 4]! * scale;
  }
}

const mxfp4: BlockDecoder = (blocks, at, out, to) => {
  nibbles(blocks, at + 1, 32, halfPower(blocks[at]!), out, to);
};

const nvfp4: BlockDecoder = (blocks, at, out, to) => {
  for (let part = 0; part < 4; part++) {
    nibbles(blocks, at + 4 + 8 * part, 16, halfScale(blocks[at + part]!), out, to + 16 * part);
  }
};

export const fourBitFloats: readonly (readonly [string, BlockDecoder])[] = [
  ['mxfp4', mxfp4],
  ['nvfp4', nvfp4],
];
