import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dequantise } from '#main/kernels/dequantise/dequantise.ts';
import { BLOCK_LAYOUTS } from '#shared/block-dtype.ts';
import { plainNumbers } from '#test/kit/plain-blocks/plain-blocks.ts';

/** Bits as text, so that -0 is not 0; one NaN is like another. */
function bitsOf(numbers: Float32Array): string[] {
  return [...numbers].map((number) => (Object.is(number, -0) ? '-0' : String(number)));
}

describe.each(BLOCK_LAYOUTS)('blocks of $name', ({ name, byteLength }) => {
  it('are decoded to the bits that one value at a time gives, whatever their bytes', () => {
    const blocks = fc
      .integer({ min: 0, max: 5 })
      .chain((count) => fc.uint8Array({ minLength: count * byteLength, maxLength: count * byteLength }));
    fc.assert(
      fc.property(blocks, (bytes) => {
        expect(bitsOf(dequantise(name, bytes))).toEqual(bitsOf(plainNumbers(name, bytes)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('blocks by hand', () => {
  // binary16: 0x3800 is 0.5, 0xb800 -0.5, 0x3c00 1, 0x4000 2
  it('of q4_0 are nibbles less eight, the low ones first', () => {
    const block = Uint8Array.of(0x00, 0x38, ...Array.from({ length: 16 }, (_, j) => j | ((15 - j) << 4)));
    const low = Array.from({ length: 16 }, (_, j) => (j - 8) / 2);
    expect([...dequantise('q4_0', block)]).toEqual([...low, ...low.slice().reverse()]);
  });

  it('of q8_0 are signed bytes, and a negative scale makes -0 of 0', () => {
    const codes = Array.from({ length: 32 }, (_, j) => (j === 0 ? 0 : j % 2 === 0 ? j : 256 - j));
    const numbers = dequantise('q8_0', Uint8Array.of(0x00, 0xb8, ...codes));
    expect(Object.is(numbers[0], -0)).toBe(true);
    expect([numbers[1], numbers[2], numbers[31]]).toEqual([0.5, -1, 15.5]);
  });

  it('of q4_k take scale and least value of every sub-block', () => {
    // the first sub-block: scale 3, least 2; its codes 0 to 15 twice
    const block = new Uint8Array(144);
    block.set([0x00, 0x3c, 0x00, 0x40, 3, 0, 0, 0, 2]);
    for (let j = 0; j < 32; j++) block[16 + j] = j & 15;
    const expected = Array.from({ length: 32 }, (_, j) => 3 * (j & 15) - 4);
    expect([...dequantise('q4_k', block).subarray(0, 32)]).toEqual(expected);
  });
});
