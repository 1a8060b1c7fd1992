/** Boxes of a packed tensor that threads share among them: they are the same ones however many threads there are. */
import { SHARED_BOX_BYTES } from '#main/bytes/limits.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { ANY_EXTENT, boxesOf, type BoxExtent, type TensorBox } from '#main/services/boxes.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Boxes of whole chunks, each of which lies in one of them; one box for storage without chunks, and for little of it, whose chunks may all be kept for another reading. */
export function sharedBoxes(tensor: StoredTensor): readonly TensorBox[] {
  return boxesOf(tensor, sharedExtents(tensor));
}

/** How far those boxes go, for `boxesOf`. */
export function sharedExtents(tensor: StoredTensor): readonly BoxExtent[] {
  const { shape, storage, dtype } = tensor;
  const extents = shape.map(() => ANY_EXTENT);
  const byteLength = (elementCountOf(shape) ?? 0) * elementByteLength(dtype);
  if (storage.kind !== 'chunked' || byteLength <= 2 * SHARED_BOX_BYTES) return extents;
  // of what lies side by side, each box has its share
  const sideBySide = boxesOf(tensor).length;
  const usual = Math.max(1, Math.floor((shape[0]! * sideBySide * SHARED_BOX_BYTES) / byteLength));
  return [{ usual, most: Infinity }, ...extents.slice(1)];
}

/** Where each box ends, in elements, when all are numbered one box after the other. */
export function boxEnds(boxes: readonly TensorBox[]): number[] {
  let end = 0;
  return boxes.map(({ tensor }) => (end += elementCountOf(tensor.shape)!));
}
