/** Tensors cut into boxes: while C order goes through one, all chunks that it crosses are kept, so that each chunk is unpacked once, whatever its shape. */
import { BOX_BYTES } from '#main/bytes/limits.ts';
import {
  cellStart,
  chunkGrid,
  chunkMap,
  crossedChunks,
  crossedElements,
  viewCoordinates,
} from '#main/formats/chunk-map.ts';
import { wholeView } from '#main/formats/chunks.ts';
import type { ChunkedStorage, StoredTensor } from '#main/formats/contract.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { SliceAxis } from '#shared/slice.ts';
import { contiguousStrides, coordinateOf } from '#shared/tensor.ts';

/** A part of a tensor: a range along each axis, all of the first one. */
export interface TensorBox {
  /** One entry an axis, each of step 1 and kept. */
  readonly slices: readonly SliceAxis[];
  /** The part as a tensor of its own. */
  readonly tensor: StoredTensor;
}

/**
 * Boxes that make up the tensor, those first whose first elements come first. Chunks that lie in two boxes are none,
 * and those that C order crosses in turn in one box are no more than `BOX_BYTES`, or one. Where C order over the
 * whole tensor costs no more than that, and for storage without chunks or with chunks on no grid, there is one box.
 */
export function boxesOf(tensor: StoredTensor): readonly TensorBox[] {
  const { storage } = tensor;
  const parts = storage.kind === 'chunked' ? boxParts(tensor, storage) : undefined;
  if (storage.kind !== 'chunked' || !parts) return [wholeBox(tensor)];
  let boxes: readonly (readonly SliceAxis[])[] = [[]];
  for (const ranges of parts) boxes = boxes.flatMap((box) => ranges.map((range) => [...box, range]));
  // a reader goes over all chunks that it is given before it reads
  const chunksAt = chunkMap(storage.shape, storage.chunks);
  return boxes.map((slices) => {
    const part = slicedTensor(tensor, slices);
    const view = (part.storage as ChunkedStorage).view!;
    const coordinates = view.origin.map((first) => ({ first, step: 1, count: 1 }));
    viewCoordinates(view, part.shape).forEach((along, at) => {
      coordinates[view.axes[at]!.axis] = along;
    });
    return { slices, tensor: { ...part, storage: { ...storage, view, chunks: chunksAt(coordinates) } } };
  });
}

/** All of a tensor as one box. */
export function wholeBox(tensor: StoredTensor): TensorBox {
  return { slices: tensor.shape.map((dimension) => range(0, dimension)), tensor };
}

/** The flat index that an element of a box has in the whole. @param index in the box. Both in C order. */
export function elementOfWhole(
  { slices, tensor }: TensorBox,
  index: number,
  shape: readonly number[],
): number {
  const strides = contiguousStrides(shape);
  return coordinateOf(index, tensor.shape).reduce(
    (sum, coordinate, axis) => sum + (slices[axis]!.start + coordinate) * strides[axis]!,
    0,
  );
}

/** The ranges along each axis that boxes have; undefined where there is but one box. */
function boxParts(tensor: StoredTensor, storage: ChunkedStorage): SliceAxis[][] | undefined {
  const { shape, dtype } = tensor;
  const grid = chunkGrid(storage.shape, storage.chunks);
  if (!grid || shape.length < 2 || shape.includes(0)) return undefined;
  const view = storage.view ?? wholeView(storage.shape);
  const coordinates = viewCoordinates(view, shape);
  const counts = crossedChunks(grid, view, shape);
  const most = BOX_BYTES / elementByteLength(dtype);
  const parts = shape.map((dimension) => [range(0, dimension)]);
  for (let axis = 1; axis < shape.length; axis++) {
    const crossed = crossedElements(grid, counts);
    if (crossed <= most) break;
    const all = counts[axis]!;
    const each = Math.max(1, Math.floor((all * most) / crossed));
    const size = grid.cell[view.axes[axis]!.axis]!;
    parts[axis] = Array.from({ length: Math.ceil(all / each) }, (_, part) => {
      const start = cellStart(coordinates[axis]!, size, part * each);
      const isLast = (part + 1) * each >= all;
      const end = isLast ? shape[axis]! : cellStart(coordinates[axis]!, size, (part + 1) * each);
      return range(start, end - start);
    });
    counts[axis] = each;
  }
  return parts.every((ranges) => ranges.length === 1) ? undefined : parts;
}

function range(start: number, count: number): SliceAxis {
  return { start, count, step: 1, isDropped: false };
}
