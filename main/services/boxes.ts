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

/** A part of a tensor: a range along each axis, all of the first one unless told otherwise. */
export interface TensorBox {
  /** One entry an axis, each of step 1 and kept. */
  readonly slices: readonly SliceAxis[];
  /** The part as a tensor of its own. */
  readonly tensor: StoredTensor;
}

/** How far boxes go along an axis, in elements: no further than `usual`, or one chunk if that is more, and never further than `most`. */
export interface BoxExtent {
  readonly usual: number;
  readonly most: number;
}

export const ANY_EXTENT: BoxExtent = { usual: Infinity, most: Infinity };

/**
 * Boxes that make up the tensor, those first whose first elements come first. No chunk lies in two boxes, unless it is
 * longer than a box may be, and those that C order crosses in turn in one box are no more than `BOX_BYTES`, or one.
 * Where C order over the whole tensor costs no more than that, and for chunks on no grid, only `extents` part boxes.
 * @param extents one entry an axis.
 */
export function boxesOf(
  tensor: StoredTensor,
  extents: readonly BoxExtent[] = tensor.shape.map(() => ANY_EXTENT),
): readonly TensorBox[] {
  const { shape } = tensor;
  if (shape.includes(0)) return [wholeBox(tensor)];
  let boxes: readonly (readonly SliceAxis[])[] = [[]];
  for (const ranges of boxRanges(tensor, extents)) {
    boxes = boxes.flatMap((box) => ranges.map((range) => [...box, range]));
  }
  if (boxes.length === 1) return [wholeBox(tensor)];
  return boxes.map(boxCutter(tensor));
}

/** Cuts boxes out of a tensor. A reader goes over all chunks that it is given before it reads: each box has its own alone. */
export function boxCutter(tensor: StoredTensor): (slices: readonly SliceAxis[]) => TensorBox {
  const { storage } = tensor;
  if (storage.kind !== 'chunked') return (slices) => ({ slices, tensor: slicedTensor(tensor, slices) });
  const chunksAt = chunkMap(storage.shape, storage.chunks);
  return (slices) => {
    const part = slicedTensor(tensor, slices);
    const view = (part.storage as ChunkedStorage).view!;
    const coordinates = view.origin.map((first) => ({ first, step: 1, count: 1 }));
    viewCoordinates(view, part.shape).forEach((along, at) => {
      coordinates[view.axes[at]!.axis] = along;
    });
    return { slices, tensor: { ...part, storage: { ...storage, view, chunks: chunksAt(coordinates) } } };
  };
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

/** The ranges along each axis that boxes have. */
function boxRanges({ shape, dtype, storage }: StoredTensor, extents: readonly BoxExtent[]): SliceAxis[][] {
  const grid = storage.kind === 'chunked' ? chunkGrid(storage.shape, storage.chunks) : undefined;
  if (storage.kind !== 'chunked' || !grid) {
    return shape.map((dimension, axis) => rangesOf(dimension, extents[axis]!.usual));
  }
  const view = storage.view ?? wholeView(storage.shape);
  const all = crossedChunks(grid, view, shape);
  const sizes = view.axes.map(({ axis }) => grid.cell[axis]!);
  // chunks along each axis that a box has
  const each = all.map((count, axis) => {
    const inChunk = Math.ceil(sizes[axis]! / Math.abs(view.axes[axis]!.step));
    return Math.min(count, Math.max(1, Math.floor(extents[axis]!.usual / inChunk)));
  });
  const most = BOX_BYTES / elementByteLength(dtype);
  for (let axis = 1; axis < each.length; axis++) {
    const crossed = crossedElements(grid, each);
    if (crossed <= most) break;
    each[axis] = Math.max(1, Math.floor((each[axis]! * most) / crossed));
  }
  return viewCoordinates(view, shape).map((coordinates, axis) => {
    const startOf = (nth: number) =>
      nth >= all[axis]! ? shape[axis]! : cellStart(coordinates, sizes[axis]!, nth);
    return Array.from({ length: Math.ceil(all[axis]! / each[axis]!) }, (_, part) => {
      const start = startOf(part * each[axis]!);
      return rangesOf(startOf((part + 1) * each[axis]!) - start, extents[axis]!.most, start);
    }).flat();
  });
}

function rangesOf(length: number, most: number, from = 0): SliceAxis[] {
  const each = Math.min(length, most);
  return Array.from({ length: Math.ceil(length / each) }, (_, part) =>
    range(from + part * each, Math.min(each, length - part * each)),
  );
}

function range(start: number, count: number): SliceAxis {
  return { start, count, step: 1, isDropped: false };
}
