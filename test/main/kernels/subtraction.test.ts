import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { numbersView, placePair } from '#main/kernels/numbers.ts';
import { subtractPair } from '#main/kernels/subtraction.ts';

/** All differences in their order, as the stretches tell it. */
function between(dtypeA: string, a: ArrayBufferView, dtypeB: string, b: ArrayBufferView): number[] {
  const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const found: number[] = [];
  const [left, right] = placePair(dtypeA, bytesOf(a), dtypeB, bytesOf(b));
  subtractPair(left, right, (before, difference) => {
    expect(before).toBe(found.length);
    for (const value of numbersView(difference)) found.push(value);
  });
  return found;
}

const numbers = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e308, -1e308, 2 ** -149, 0.1),
);
const lists = fc.array(fc.tuple(numbers, numbers), { maxLength: 30 });

describe('what is between two windows', () => {
  const KINDS = [
    ['f32', (values: number[]) => Float32Array.from(values)],
    ['f64', (values: number[]) => Float64Array.from(values)],
    ['i32', (values: number[]) => Int32Array.from(values)],
    ['u8', (values: number[]) => Uint8Array.from(values)],
  ] as const;
  const pairs = KINDS.flatMap((a) => KINDS.map((b) => ({ a, b })));

  it.each(pairs)('is a - b as doubles, of $a.0 and $b.0 and any number of them', ({ a, b }) => {
    fc.assert(
      fc.property(lists, (list) => {
        const left = a[1](list.map(([value]) => value));
        const right = b[1](list.map(([, value]) => value));
        expect(between(a[0], left, b[0], right)).toEqual(Array.from(left, (value, at) => value - right[at]!));
      }),
    );
  });

  it('is told in the order of the numbers where there are many', () => {
    const left = Float32Array.from({ length: 40_001 }, (_, at) => at);
    const right = Float32Array.from({ length: 40_001 }, (_, at) => at % 7);
    expect(between('f32', left, 'f32', right)).toEqual(Array.from(left, (value) => value - (value % 7)));
  });
});
