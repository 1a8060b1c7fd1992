// ggml block dtypes to float32 value by value, as dequantize_row_* in ggml src/ggml-quants.c has it: what kernels are held against.
import { fourBitFloats } from '#test/kit/plain-blocks/four-bit-floats.ts';
import { fourBitLattice } from '#test/kit/plain-blocks/iq4.ts';
import { oneBitLattice } from '#test/kit/plain-blocks/iq1.ts';
import { signedBits } from '#test/kit/plain-blocks/signed-bits.ts';
import { superBlocks } from '#test/kit/plain-blocks/super-blocks.ts';
import { superBlocksSigned } from '#test/kit/plain-blocks/super-blocks-signed.ts';
import { ternary } from '#test/kit/plain-blocks/ternary.ts';
import { threeBitLattices } from '#test/kit/plain-blocks/iq3.ts';
import { twoBitLattices } from '#test/kit/plain-blocks/iq2.ts';
import { uniform } from '#test/kit/plain-blocks/uniform.ts';
import { blockLayout } from '#shared/block-dtype.ts';

/** Writes the numbers of the block at byte `at` of `blocks` to `out`, from index `to` on. */
export type BlockDecoder = (blocks: Uint8Array, at: number, out: Float32Array, to: number) => void;

const DECODERS: ReadonlyMap<string, BlockDecoder> = new Map<string, BlockDecoder>([
  ...uniform,
  ...superBlocks,
  ...superBlocksSigned,
  ...ternary,
  ...signedBits,
  ...fourBitFloats,
  ...fourBitLattice,
  ...threeBitLattices,
  ...twoBitLattices,
  ...oneBitLattice,
]);

/** @param blocks a whole number of blocks. */
export function plainNumbers(dtype: string, blocks: Uint8Array): Float32Array {
  const { byteLength, elements } = blockLayout(dtype)!;
  const decoder = DECODERS.get(dtype)!;
  const count = blocks.byteLength / byteLength;
  const out = new Float32Array(count * elements);
  for (let i = 0; i < count; i++) decoder(blocks, i * byteLength, out, i * elements);
  return out;
}
