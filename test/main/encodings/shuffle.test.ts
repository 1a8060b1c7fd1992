import fc from 'fast-check';
import { expect, test } from 'vitest';

import { unshuffle } from '#main/encodings/filters/shuffle.ts';

/** As HDF5 and numcodecs write it: first bytes of all elements, then all second ones, and so on; what is no whole element follows. */
function shuffled(bytes: Uint8Array, width: number): Uint8Array {
  const count = Math.floor(bytes.length / width);
  const out = Uint8Array.from(bytes);
  for (let index = 0; index < count * width; index++) {
    out[(index % width) * count + Math.floor(index / width)] = bytes[index]!;
  }
  return out;
}

test('bytes of elements of any width come together again, in any length and at any place in memory', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 0, max: 7 }),
      (bytes, width, shift) => {
        const moved = new Uint8Array(shift + bytes.length);
        moved.set(shuffled(bytes, width), shift);
        expect(unshuffle(moved.subarray(shift), width)).toEqual(bytes);
      },
    ),
    { numRuns: 1000 },
  );
});
