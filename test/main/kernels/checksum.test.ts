import { crc32 as zlibCrc32 } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc32c } from '#main/bytes/crc32c.ts';
import { analysisKernels } from '#main/kernels/analysis-module.ts';
import { windowCrc32, windowCrc32c } from '#main/kernels/checksum.ts';

/** Bit by bit, from the definition in RFC 3720. */
function plainCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const windows = fc.uint8Array({ maxLength: 300 });
/** Long enough for several stretches, at lengths that leave a rest. */
const longWindows = fc
  .tuple(fc.integer({ min: 4000, max: 12_000 }), fc.nat(255))
  .map(([length, seed]) =>
    Uint8Array.from({ length }, (_, index) => (index * 167 + (index >> 7) * seed) & 255),
  );

describe('checksums of windows', () => {
  it('CRC-32 equals zlib’s, whatever the length', () => {
    fc.assert(
      fc.property(fc.oneof(windows, longWindows), (bytes) => {
        expect(windowCrc32(bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });

  it('CRC-32C equals the definition, bit by bit', () => {
    expect(windowCrc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    fc.assert(
      fc.property(fc.oneof(windows, longWindows), (bytes) => {
        expect(windowCrc32c(bytes)).toBe(plainCrc32c(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('of parts, seeded with each other, are those of the whole, at any alignment', () => {
    fc.assert(
      fc.property(longWindows, fc.nat(12_000), fc.nat(9), (bytes, cut, shift) => {
        const shifted = new Uint8Array(bytes.byteLength + shift);
        shifted.set(bytes, shift);
        const view = shifted.subarray(shift);
        const head = view.subarray(0, cut);
        expect(windowCrc32(view.subarray(cut), windowCrc32(head))).toBe(zlibCrc32(bytes));
        expect(windowCrc32c(view.subarray(cut), windowCrc32c(head))).toBe(crc32c(bytes));
      }),
    );
  });

  it('the module’s memory grows for a window that is larger than any before', () => {
    const before = analysisKernels().memory.buffer.byteLength;
    const bytes = new Uint8Array(before + 1).fill(7);
    expect(windowCrc32(bytes)).toBe(zlibCrc32(bytes));
    expect(analysisKernels().memory.buffer.byteLength).toBeGreaterThan(before);
  });
});
