// ggml block dtypes to float32: ggml src/ggml-quants.c, dequantize_row_*, value for value and in its order of rounding.
import { decodeByKernel } from '#main/kernels/dequantise/block-kernels.ts';
import { fourBitFloats } from '#main/kernels/dequantise/four-bit-floats.ts';
import { fourBitLattice } from '#main/kernels/dequantise/iq4.ts';
import { oneBitLattice } from '#main/kernels/dequantise/iq1.ts';
import { signedBits } from '#main/kernels/dequantise/signed-bits.ts';
import { superBlocks } from '#main/kernels/dequantise/super-blocks.ts';
import { superBlocksSigned } from '#main/kernels/dequantise/super-blocks-signed.ts';
import { ternary } from '#main/kernels/dequantise/ternary.ts';
import { threeBitLattices } from '#main/kernels/dequantise/iq3.ts';
import { twoBitLattices } from '#main/kernels/dequantise/iq2.ts';
import { uniform } from '#main/kernels/dequantise/uniform.ts';
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

/**
 * The numbers that whole blocks stand for.
 * @param blocks little-endian, a whole number of blocks.
 * @returns a buffer of the caller's.
 */
export function dequantise(dtype: string, blocks: Uint8Array): Float32Array {
  const layout = blockLayout(dtype);
  if (!layout || !DECODERS.has(dtype)) throw new Error(`${dtype} is no block dtype`);
  const count = Math.floor(blocks.byteLength / layout.byteLength);
  const out = new Float32Array(count * layout.elements);
  if (!decodeByKernel(dtype, blocks, count, out)) decodeOneByOne(dtype, blocks, count, out);
  return out;
}

/** As the kernels do, value by value; also for the dtypes that have none. */
export function decodeOneByOne(dtype: string, blocks: Uint8Array, count: number, out: Float32Array): void {
  const layout = blockLayout(dtype)!;
  const decoder = DECODERS.get(dtype)!;
  for (let i = 0; i < count; i++) decoder(blocks, i * layout.byteLength, out, i * layout.elements);
}
