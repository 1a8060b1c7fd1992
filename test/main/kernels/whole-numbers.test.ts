import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import { addWholeNumbers, emptyWholeNumbers } from '#main/kernels/whole-numbers.ts';

const KINDS = {
  i32: { least: -(2n ** 31n), most: 2n ** 31n - 1n },
  u32: { least: 0n, most: 2n ** 32n - 1n },
  i64: { least: -(2n ** 63n), most: 2n ** 63n - 1n },
  u64: { least: 0n, most: 2n ** 64n - 1n },
};

/** Any of a kind, those near its ends, and those near where doubles have no halves and no odd numbers any more. */
function valuesOf(dtype: keyof typeof KINDS): fc.Arbitrary<bigint[]> {
  const { least, most } = KINDS[dtype];
  const corners = [least, most, 0n, 2n ** 53n, 2n ** 62n, -(2n ** 53n), 2n ** 63n].flatMap((corner) => [
    corner - 1n,
    corner,
    corner + 1n,
    corner + 513n,
  ]);
  const within = corners.filter((value) => value >= least && value <= most);
  const value = fc.oneof(fc.bigInt(least, most), fc.constantFrom(...within));
  return fc.array(value, { maxLength: 41 });
}

function bytesOf(dtype: keyof typeof KINDS, values: readonly bigint[]): Uint8Array {
  const width = dtype.endsWith('64') ? 8 : 4;
  const bytes = new Uint8Array(values.length * width);
  values.forEach((value, index) => {
    for (let byte = 0; byte < width; byte++) {
      bytes[index * width + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
    }
  });
  return bytes;
}

describe.each(['i32', 'u32', 'i64', 'u64'] as const)('whole numbers of %s', (dtype) => {
  it('become the doubles nearest to them', () => {
    fc.assert(
      fc.property(valuesOf(dtype), (values) => {
        const doubles = numbersView(placeNumbers(dtype, bytesOf(dtype, values)));
        expect([...doubles]).toEqual(values.map(Number));
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(['i64', 'u64'] as const)('whole numbers of %s', (dtype) => {
  it('have exact extremes and an exact sum, window after window', () => {
    fc.assert(
      fc.property(fc.array(valuesOf(dtype), { maxLength: 3 }), (windows) => {
        const found = emptyWholeNumbers();
        for (const values of windows) addWholeNumbers(found, dtype, bytesOf(dtype, values));
        const all = windows.flat().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(found).toEqual({
          min: all[0],
          max: all.at(-1),
          sum: all.reduce((sum, value) => sum + value, 0n),
          count: all.length,
        });
      }),
      { numRuns: 300 },
    );
  });
});
