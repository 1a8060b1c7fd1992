/** The compiled kernel of each block dtype, with what it wants to know. */
import { analysisKernels, type AnalysisKernels } from '#main/kernels/analysis-module.ts';
import { placeLattice } from '#main/kernels/dequantise/lattices.ts';

/** Decodes `count` blocks at one address of the kernels' memory to another; `halves` is that of the binary16 numbers. */
export type BlockKernel = (at: number, count: number, out: number, halves: number) => void;

type KernelMaker = (kernels: AnalysisKernels) => BlockKernel;

const MAKERS: ReadonlyMap<string, KernelMaker> = new Map<string, KernelMaker>([
  [
    'q4_0',
    ({ nibbleBlocks }) =>
      (...places) =>
        nibbleBlocks(...places, 18, 2, 0, 8, 0),
  ],
  [
    'q4_1',
    ({ nibbleBlocks }) =>
      (...places) =>
        nibbleBlocks(...places, 20, 4, 0, 0, 2),
  ],
  [
    'q5_0',
    ({ nibbleBlocks }) =>
      (...places) =>
        nibbleBlocks(...places, 22, 6, 2, 16, 0),
  ],
  [
    'q5_1',
    ({ nibbleBlocks }) =>
      (...places) =>
        nibbleBlocks(...places, 24, 8, 4, 0, 2),
  ],
  [
    'q8_0',
    ({ byteBlocks }) =>
      (...places) =>
        byteBlocks(...places, 34, 2),
  ],
  // the second half is a sum for dot products, not a part of the values
  [
    'q8_1',
    ({ byteBlocks }) =>
      (...places) =>
        byteBlocks(...places, 36, 4),
  ],
  ['q2_k', ({ twoBitBlocks }) => twoBitBlocks],
  ['q3_k', ({ threeBitBlocks }) => threeBitBlocks],
  [
    'q4_k',
    ({ sixBitScaledBlocks }) =>
      (...places) =>
        sixBitScaledBlocks(...places, 144, 16, 0),
  ],
  [
    'q5_k',
    ({ sixBitScaledBlocks }) =>
      (...places) =>
        sixBitScaledBlocks(...places, 176, 48, 16),
  ],
  ['q6_k', ({ sixBitBlocks }) => sixBitBlocks],
  ['q8_k', ({ longByteBlocks }) => longByteBlocks],
  [
    'iq1_s',
    ({ iq1sBlocks }) =>
      (...places) =>
        iq1sBlocks(...places, placeLattice('iq1')),
  ],
  [
    'iq1_m',
    ({ iq1mBlocks }) =>
      (...places) =>
        iq1mBlocks(...places, placeLattice('iq1')),
  ],
  [
    'iq2_xxs',
    ({ iq2xxsBlocks }) =>
      (...places) =>
        iq2xxsBlocks(...places, placeLattice('iq2_xxs')),
  ],
  [
    'iq2_xs',
    ({ iq2xsBlocks }) =>
      (...places) =>
        iq2xsBlocks(...places, placeLattice('iq2_xs')),
  ],
  [
    'iq2_s',
    ({ iq2sBlocks }) =>
      (...places) =>
        iq2sBlocks(...places, placeLattice('iq2_s')),
  ],
  [
    'iq3_xxs',
    ({ iq3xxsBlocks }) =>
      (...places) =>
        iq3xxsBlocks(...places, placeLattice('iq3_xxs')),
  ],
  [
    'iq3_s',
    ({ iq3sBlocks }) =>
      (...places) =>
        iq3sBlocks(...places, placeLattice('iq3_s')),
  ],
  ['iq4_nl', ({ unevenBlocks }) => unevenBlocks],
  ['iq4_xs', ({ scaledUnevenBlocks }) => scaledUnevenBlocks],
  ['mxfp4', ({ microscaledBlocks }) => microscaledBlocks],
  ['nvfp4', ({ floatScaledBlocks }) => floatScaledBlocks],
  ['tq1_0', ({ ternaryDigitBlocks }) => ternaryDigitBlocks],
  ['tq2_0', ({ ternaryBitBlocks }) => ternaryBitBlocks],
  ['q1_0', ({ signBlocks }) => signBlocks],
  ['q2_0', ({ bitPairBlocks }) => bitPairBlocks],
]);

/** Undefined for what is no block dtype. */
export function blockKernel(dtype: string): BlockKernel | undefined {
  return MAKERS.get(dtype)?.(analysisKernels());
}
