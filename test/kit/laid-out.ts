/** Values laid into a storage at any offset and stride, in either byte order: packed where they are less than a byte. */
import fc from 'fast-check';

import type { StoredTensor } from '#main/formats/contract.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import { bitsOf, PARTS } from '#test/kit/number-kinds.ts';

/** Where the elements of a shape lie. All numbers are elements. */
export interface Placement {
  readonly shape: readonly number[];
  /** Of either sign, one an axis. */
  readonly strides: readonly number[];
  readonly origin: number;
  /** Of the storage. */
  readonly extent: number;
  readonly isBig: boolean;
}

/** Any order of the axes, each with gaps and in either direction, and some elements before the first one. */
export function placements(shapes: fc.Arbitrary<readonly number[]>): fc.Arbitrary<Placement> {
  return shapes.chain((shape) =>
    fc
      .record({
        order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
        steps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length }),
        isBackward: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        before: fc.nat(5),
        isBig: fc.boolean(),
        isPlain: fc.boolean(),
      })
      .map(({ order, steps, isBackward, before, isBig, isPlain }) => {
        const strides = new Array<number>(shape.length).fill(0);
        let origin = before;
        let distance = 1;
        for (const axis of isPlain ? [...shape.keys()].reverse() : order) {
          const isTurned = !isPlain && isBackward[axis]!;
          const stride = isPlain ? distance : distance * steps[axis]!;
          strides[axis] = isTurned ? -stride : stride;
          if (isTurned) origin += Math.max(0, shape[axis]! - 1) * stride;
          distance = Math.max(1, shape[axis]!) * stride;
        }
        return { shape, strides, origin, extent: before + distance, isBig };
      }),
  );
}

/** How many elements a shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * A tensor of these codes; between its elements lies what is none of them.
 * @param codeAt the code of an element by its place in C order.
 */
export function laidOut(
  dtype: string,
  { shape, strides, origin, extent, isBig }: Placement,
  codeAt: (index: number) => bigint,
): TensorPlan {
  const bits = bitsOf(dtype);
  const bytes = new Uint8Array(Math.ceil((extent * bits) / 8)).fill(0x55);
  const unit = (PARTS[dtype] ? bits / 2 : bits) / 8;
  for (let index = 0; index < countOf(shape); index++) {
    const element = origin + offsetOf(index, shape, strides);
    if (bits < 8) setBits(bytes, element * bits, bits, Number(codeAt(index)));
    else
      setBytes(bytes.subarray((element * bits) / 8, ((element + 1) * bits) / 8), codeAt(index), unit, isBig);
  }
  const tensor: StoredTensor = {
    name: 't',
    dtype,
    shape,
    storage: {
      kind: 'dense',
      source: 0,
      offset: 0,
      byteLength: bytes.byteLength,
      byteOrder: isBig ? 'big' : 'little',
      elementOffset: origin,
      strides,
    },
  };
  return { tensor, sources: [{ kind: 'memory', bytes }] };
}

function offsetOf(index: number, shape: readonly number[], strides: readonly number[]): number {
  let rest = index;
  let offset = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    offset += (rest % shape[axis]!) * strides[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return offset;
}

/** A code as it lies in bytes. @param unit bytes of a word that byte order applies to. */
export function setBytes(target: Uint8Array, code: bigint, unit: number, isBig: boolean): void {
  for (let byte = 0; byte < target.length; byte++) {
    const within = byte % unit;
    target[byte - within + (isBig ? unit - 1 - within : within)] = Number((code >> BigInt(8 * byte)) & 0xffn);
  }
}

/** The first element in the low bits of the first byte. */
function setBits(bytes: Uint8Array, at: number, bits: number, code: number): void {
  for (let bit = 0; bit < bits; bit++) {
    const mask = 1 << ((at + bit) & 7);
    const byte = (at + bit) >> 3;
    bytes[byte] = (code >> bit) & 1 ? bytes[byte]! | mask : bytes[byte]! & ~mask;
  }
}
