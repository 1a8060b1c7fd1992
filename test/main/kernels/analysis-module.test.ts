import { describe, expect, it } from 'vitest';

import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';

const MIB = 1024 * 1024;

/** Passes that borrow a window, a table and a long table each, and give them back in another order. */
function pass(): void {
  const regions = [memoryRegion(), memoryRegion(), memoryRegion()];
  [MIB, 4 * MIB, 9 * MIB].forEach((size, index) => regions[index]!.reserve(size));
  for (const index of [1, 2, 0]) regions[index]!.release();
}

describe('memory that kernels lend', () => {
  it('does not grow with the number of passes, whatever lengths they ask for', () => {
    pass();
    const { memory } = analysisKernels();
    const before = memory.buffer.byteLength;
    for (let round = 0; round < 50; round++) pass();
    expect(memory.buffer.byteLength).toBe(before);
  });

  it('is lent to one at a time', () => {
    const [first, second] = [memoryRegion(), memoryRegion()];
    const at = first.reserve(MIB);
    first.release();
    expect(second.reserve(MIB)).toBe(at);
    expect(first.reserve(MIB)).not.toBe(at);
    first.release();
    second.release();
  });

  it('goes to others where a region has grown out of it', () => {
    const [grown, other] = [memoryRegion(), memoryRegion()];
    const at = grown.reserve(3 * MIB);
    grown.reserve(20 * MIB);
    expect(other.reserve(3 * MIB)).toBe(at);
    grown.release();
    other.release();
  });

  it('is not wasted: a short run does not take the place of a long one', () => {
    const [long, short, again] = [memoryRegion(), memoryRegion(), memoryRegion()];
    const at = long.reserve(40 * MIB);
    long.release();
    expect(short.reserve(MIB)).not.toBe(at);
    expect(again.reserve(40 * MIB)).toBe(at);
    short.release();
    again.release();
  });
});
