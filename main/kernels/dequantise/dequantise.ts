// ggml block dtypes to float32: ggml src/ggml-quants.c, dequantize_row_*, value for value and in its order of rounding.
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { blockKernel } from '#main/kernels/dequantise/block-kernels.ts';
import { codeTable } from '#main/kernels/half.ts';
import { blockLayout } from '#shared/block-dtype.ts';

/**
 * The numbers that whole blocks stand for.
 * @param blocks little-endian, a whole number of blocks.
 * @returns a buffer of the caller's.
 */
export function dequantise(dtype: string, blocks: Uint8Array): Float32Array {
  const layout = blockLayout(dtype);
  const decode = blockKernel(dtype);
  if (!layout || !decode) throw new Error(`${dtype} is no block dtype`);
  const count = Math.floor(blocks.byteLength / layout.byteLength);
  const length = count * layout.elements;
  const halves = placeHalves();
  const at = placeInput(blocks);
  const out = outRegion.reserve(length * 4);
  decode(at, count, out, halves);
  return new Float32Array(analysisKernels().memory.buffer, out, length).slice();
}

const outRegion = memoryRegion();
const halfRegion = memoryRegion();
let halves = 0;

/** The f32 number of every binary16 code. */
function placeHalves(): number {
  if (halves !== 0) return halves;
  const numbers = codeTable('f16')!;
  halves = halfRegion.reserve(numbers.byteLength);
  new Float32Array(analysisKernels().memory.buffer, halves, numbers.length).set(numbers);
  return halves;
}
