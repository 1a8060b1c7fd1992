import { copyStrided } from '#main/bytes/copy-strided.ts';
import { contiguousStrides } from '#shared/tensor.ts';

/**
 * Puts the elements of a chunk whose axes were put into another order back into C order.
 * @param shape of the chunk before.
 * @param order for each axis that is stored, the axis it was before.
 */
export function untranspose(
  bytes: Uint8Array,
  shape: readonly number[],
  order: readonly number[],
  elementBytes: number,
): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  // a chunk of another length is refused once all filters are undone
  if (bytes.byteLength !== count * elementBytes) return bytes;
  const stored = contiguousStrides(order.map((axis) => shape[axis]!));
  const strides = new Array<number>(shape.length);
  order.forEach((axis, at) => (strides[axis] = stored[at]!));
  const out = new Uint8Array(bytes.byteLength);
  copyStrided(bytes, 0, strides, out, 0, contiguousStrides(shape), shape, elementBytes);
  return out;
}
