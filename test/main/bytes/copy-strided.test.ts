import fc from 'fast-check';
import { expect, it } from 'vitest';

import { copyStrided } from '#main/bytes/copy-strided.ts';

/** Sizes about the border of a square, of which at most two are large. */
const extents = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }),
    fc.array(fc.constantFrom(1, 2, 31, 32, 33, 63, 65), { maxLength: 2 }),
  )
  .chain(([small, large]) =>
    fc.shuffledSubarray([...small, ...large], { minLength: small.length + large.length }),
  );

/** Strides of a dense box whose axes lie in some order, spread by a step, turned round or not. */
function dense(
  extent: readonly number[],
  order: readonly number[],
  step: number,
  isBackward: readonly boolean[],
): { readonly strides: number[]; readonly first: number; readonly count: number } {
  const strides = new Array<number>(extent.length).fill(0);
  let span = step;
  let first = 0;
  for (const axis of order) {
    strides[axis] = isBackward[axis] ? -span : span;
    if (isBackward[axis]) first += span * Math.max(0, extent[axis]! - 1);
    span *= Math.max(1, extent[axis]!);
  }
  return { strides, first, count: span };
}

const cases = extents.chain((extent) => {
  const axes = extent.map((_, axis) => axis);
  const side = fc
    .record({
      order: fc.shuffledSubarray(axes, { minLength: axes.length }),
      step: fc.integer({ min: 1, max: 3 }),
      isBackward: fc.array(fc.boolean(), { minLength: axes.length, maxLength: axes.length }),
    })
    .map(({ order, step, isBackward }) => dense(extent, order, step, isBackward));
  return fc.record({
    extent: fc.constant(extent),
    source: side,
    target: side,
    repeated: fc.array(fc.boolean(), { minLength: axes.length, maxLength: axes.length }),
    width: fc.constantFrom(1, 2, 3, 4, 6, 8, 16),
    shift: fc.constantFrom(0, 0, 1, 2, 4),
  });
});

it('puts every element of a box in its place, whatever the strides, widths and alignment', () => {
  fc.assert(
    fc.property(cases, ({ extent, source, target, repeated, width, shift }) => {
      const strides = source.strides.map((stride, axis) => (repeated[axis] ? 0 : stride));
      const bytes = new Uint8Array(source.count * width + shift).subarray(shift);
      for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 7 + (at >> 8)) & 0xff;
      const out = new Uint8Array(target.count * width + shift).subarray(shift);
      const expected = out.slice();
      const coordinates = extent.reduce<number[][]>(
        (list, size) => list.flatMap((each) => Array.from({ length: size }, (_, at) => [...each, at])),
        [[]],
      );
      for (const coordinate of coordinates) {
        const placeIn = (begin: number, steps: readonly number[]): number =>
          coordinate.reduce((sum, at, axis) => sum + at * steps[axis]!, begin) * width;
        const from = placeIn(source.first, strides);
        expected.set(bytes.subarray(from, from + width), placeIn(target.first, target.strides));
      }
      copyStrided(bytes, source.first, strides, out, target.first, target.strides, extent, width);
      expect(Buffer.compare(out, expected)).toBe(0);
    }),
    { numRuns: 150 },
  );
});

it('keeps the bits of numbers that are not numbers', () => {
  const bits = Uint32Array.of(0x7f800001, 0xffc01234, 0x80000000, 0x7ff00000, 1, 0xfff80000);
  const bytes = new Uint8Array(bits.buffer);
  const out = new Uint8Array(24);
  copyStrided(bytes, 0, [1, 3], out, 0, [2, 1], [3, 2], 4);
  expect([...new Uint32Array(out.buffer)]).toEqual([0, 3, 1, 4, 2, 5].map((at) => bits[at]));
  copyStrided(bytes, 0, [-1], out, 0, [1], [0], 8);
  copyStrided(bytes, 2, [-1], out, 0, [1], [3], 8);
  expect([...new Uint32Array(out.buffer)]).toEqual([4, 5, 2, 3, 0, 1].map((at) => bits[at]));
});
