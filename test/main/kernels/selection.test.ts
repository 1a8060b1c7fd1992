import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { roundedHalfCounter, upperHalfCounter } from '#main/kernels/code-counts.ts';
import { mergedNarrowing, narrowing } from '#main/kernels/narrowing.ts';
import { numbersBytes, placeNumbers } from '#main/kernels/numbers.ts';
import { startSelection } from '#main/kernels/selection.ts';

type Values = Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Few different values often, so that intervals hold one key, or one key many times, as well as many keys. */
function many<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> {
  return fc.oneof(
    fc.array(value, { minLength: 1, maxLength: 60 }),
    fc
      .array(value, { minLength: 1, maxLength: 4 })
      .map((few) => Array.from({ length: 200 }, (_, index) => few[(index * index) % few.length]!)),
  );
}

const near = (center: number, step: number) =>
  fc.integer({ min: -9, max: 9 }).map((steps) => center + steps * step);
/** Where floats round doubles up, off, and away. */
const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  near(1, 2 ** -40),
  near(2 ** 128 - 2 ** 103, 2 ** 76),
  near(0, 2 ** -150),
  near(0, 5e-324),
  fc.constantFrom(0, -0, 1.5, -1.5, 1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE),
);
const floats = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  near(1, 2 ** -23).map(Math.fround),
  near(0, 2 ** -149).map(Math.fround),
  fc.constantFrom(0, -0, 1.5, 3.4028234663852886e38, -3.4028234663852886e38),
);
const integers = (least: bigint, most: bigint) =>
  fc.oneof(
    fc.bigInt(least, most),
    fc.bigInt(0n, 300n),
    fc.constantFrom(least, least + 1n, most - 1n, most, most / 2n, most / 2n + 1n),
  );

const KINDS: Readonly<Record<string, fc.Arbitrary<Values>>> = {
  f64: many(doubles).map((values) => Float64Array.from(values)),
  f32: many(floats).map((values) => Float32Array.from(values)),
  i32: many(integers(-(2n ** 31n), 2n ** 31n - 1n)).map((values) => Int32Array.from(values, Number)),
  u32: many(integers(0n, 2n ** 32n - 1n)).map((values) => Uint32Array.from(values, Number)),
  i64: many(integers(-(2n ** 63n), 2n ** 63n - 1n)).map((values) => BigInt64Array.from(values)),
  u64: many(integers(0n, 2n ** 64n - 1n)).map((values) => BigUint64Array.from(values)),
};

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Every value at its rank, and how many readings that took. @param cut where the values are cut into two parts. */
function selected(
  dtype: string,
  values: Values,
  sorted: readonly (number | bigint)[],
  mostListed: number,
  cut: number,
) {
  const counter = dtype === 'f32' ? upperHalfCounter() : roundedHalfCounter();
  counter.add(numbersBytes(placeNumbers(dtype, bytesOf(values))));
  const halves = counter.occurring();
  counter.release();
  const ranks = sorted.map((_, rank) => rank);
  const ends = { min: sorted[0]!, max: sorted.at(-1)! };
  const zeros = sorted.filter((value) => value === 0 || value === 0n).length;
  const selection = startSelection({ dtype, halves, zeros, ...ends, ranks }, mostListed);
  let readings = 0;
  for (; selection.questions().length > 0; readings++) {
    const parts = [values.subarray(0, cut), values.subarray(cut)].map((part) => {
      const pass = narrowing(dtype, selection.questions());
      pass.add(bytesOf(part));
      const answer = pass.answer();
      pass.release();
      return answer;
    });
    selection.take(parts.reduce(mergedNarrowing));
  }
  return { found: ranks.map(selection.valueAt), readings };
}

const plain = (value: number | bigint) => (typeof value === 'number' ? value + 0 : value);

describe.each(Object.keys(KINDS))('selection among values of %s', (dtype) => {
  it('finds each at its rank, whether keys are listed or counted, in one part or two', () => {
    fc.assert(
      fc.property(KINDS[dtype]!, fc.constantFrom(0, 3, 1000), fc.nat(60), (values, mostListed, cut) => {
        const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(plain);
        const { found, readings } = selected(dtype, values, sorted, mostListed, cut);
        expect(found.map(plain)).toEqual(sorted);
        // all ranks at once ask for more intervals than one reading counts
        if (mostListed === 1000) expect(readings).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a selection', () => {
  const values = Float64Array.from({ length: 1000 }, (_, index) => 1 + index * 2 ** -45);
  const counter = roundedHalfCounter();
  counter.add(bytesOf(values));
  const halves = counter.occurring();
  counter.release();
  const start = { dtype: 'f64', halves, zeros: 0, min: values[0]!, max: values[999]!, ranks: [500] };

  it('reads nothing for whole numbers that have a half of a float to themselves', () => {
    const few = Int32Array.from({ length: 500 }, (_, index) => index % 100);
    const sorted = [...few].sort((a, b) => a - b);
    expect(selected('i32', few, sorted, 0, 7)).toEqual({ found: sorted, readings: 0 });
  });

  it('tells that values were changed in between', () => {
    for (const mostListed of [0, 2000]) {
      const selection = startSelection(start, mostListed);
      const pass = narrowing('f64', selection.questions());
      pass.add(bytesOf(values.subarray(1)));
      expect(() => selection.take(pass.answer())).toThrow('the file changed while it was read');
      pass.release();
    }
  });

  it('lists no more than there is room for where values were added in between', () => {
    const selection = startSelection(start);
    const pass = narrowing('f64', selection.questions());
    for (let time = 0; time < 3; time++) pass.add(bytesOf(values));
    expect(pass.answer().keys.length).toBe(1001);
    expect(() => selection.take(pass.answer())).toThrow('the file changed while it was read');
    pass.release();
  });
});
