/** The block dtypes that compiled kernels decode: those that most GGUF files are made of. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { codeTable } from '#main/kernels/half.ts';

/** Decodes `count` blocks at one address of the kernels' memory to another; `halves` is that of the binary16 numbers. */
type BlockKernel = (at: number, count: number, out: number, halves: number) => void;

function kernelFor(dtype: string): BlockKernel | undefined {
  const { nibbleBlocks, byteBlocks, sixBitScaledBlocks, sixBitBlocks } = analysisKernels();
  switch (dtype) {
    case 'q4_0':
      return (...places) => nibbleBlocks(...places, 18, 2, 0, 8, 0);
    case 'q4_1':
      return (...places) => nibbleBlocks(...places, 20, 4, 0, 0, 2);
    case 'q5_0':
      return (...places) => nibbleBlocks(...places, 22, 6, 2, 16, 0);
    case 'q5_1':
      return (...places) => nibbleBlocks(...places, 24, 8, 4, 0, 2);
    case 'q8_0':
      return (...places) => byteBlocks(...places, 34, 2);
    case 'q4_k':
      return (...places) => sixBitScaledBlocks(...places, 144, 16, 0);
    case 'q5_k':
      return (...places) => sixBitScaledBlocks(...places, 176, 48, 16);
    case 'q6_k':
      return sixBitBlocks;
    default:
      return undefined;
  }
}

const outRegion = memoryRegion();
const halfRegion = memoryRegion();
let halves = 0;

function placeHalves(): number {
  if (halves !== 0) return halves;
  const numbers = codeTable('f16')!;
  halves = halfRegion.reserve(numbers.byteLength);
  new Float32Array(analysisKernels().memory.buffer, halves, numbers.length).set(numbers);
  return halves;
}

/** @returns whether there is a kernel for the dtype; the numbers are then in `out`. @param out as many as `count` blocks have. */
export function decodeByKernel(dtype: string, blocks: Uint8Array, count: number, out: Float32Array): boolean {
  const kernel = kernelFor(dtype);
  if (!kernel) return false;
  const table = placeHalves();
  const at = placeInput(blocks);
  const to = outRegion.reserve(out.byteLength);
  kernel(at, count, to, table);
  out.set(new Float32Array(analysisKernels().memory.buffer, to, out.length));
  return true;
}
