/** What is between two windows, number by number: decoded, a - b as doubles. */
import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';
import type { PlacedNumbers } from '#main/kernels/numbers.ts';

/** Numbers that stay in a processor's own cache until they are looked at. */
const STRETCH = 16_384;

const region = memoryRegion();

/**
 * Hands over a - b of a pair of windows in stretches, in their order.
 * @param a @param b equally many, of one width.
 * @param use is told how many numbers lie before the stretch, which holds until it returns.
 */
export function subtractPair(
  a: PlacedNumbers,
  b: PlacedNumbers,
  use: (before: number, difference: PlacedNumbers) => void,
): void {
  const { subtractF32, subtractF64 } = analysisKernels();
  const subtract = a.isDouble ? subtractF64 : subtractF32;
  const width = a.isDouble ? 8 : 4;
  const at = region.reserve(STRETCH * 8);
  for (let before = 0; before < a.count; before += STRETCH) {
    const count = Math.min(STRETCH, a.count - before);
    subtract(a.at + before * width, b.at + before * width, count, at);
    use(before, { at, count, isDouble: true });
  }
}
