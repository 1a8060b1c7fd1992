/** Tensors of one shape that are read side by side, cut alike into boxes: as `boxes.ts` has it, for the chunks of all of them. */
import { BOX_BYTES, TENSOR_CHUNKS } from '#main/bytes/limits.ts';
import {
  cellStart,
  chunkGrid,
  crossedChunks,
  crossedElements,
  viewCoordinates,
  type ChunkGrid,
} from '#main/formats/chunk-map.ts';
import { wholeView } from '#main/formats/chunks.ts';
import type { ChunkedStorage, StoredTensor } from '#main/formats/contract.ts';
import { boxCutter, wholeBox, type TensorBox } from '#main/services/boxes.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { SliceAxis } from '#shared/slice.ts';

/**
 * Each tensor's part of every box in turn, those first whose first elements come first. Boxes end where chunks of all
 * tensors do, so that no chunk lies in two of them; where grids have too few edges in common, boxes cross more chunks
 * than they should. There is one box where C order costs no more, where there would be more of them than chunks,
 * and for chunks on no grid or on one of more cells along an axis than chunks may be.
 */
export function boxesAlike(tensors: readonly StoredTensor[]): readonly (readonly TensorBox[])[] {
  const parts = boxParts(tensors);
  if (!parts) return [tensors.map(wholeBox)];
  let boxes: readonly (readonly SliceAxis[])[] = [[]];
  for (const ranges of parts) boxes = boxes.flatMap((box) => ranges.map((range) => [...box, range]));
  const cutters = tensors.map(boxCutter);
  return boxes.map((slices) => cutters.map((cut) => cut(slices)));
}

/** A tensor's chunks as its view crosses them. */
interface Crossing {
  readonly grid: ChunkGrid;
  /** For each axis, the coordinates at which the view comes to another chunk, from 0 on. */
  readonly starts: readonly (readonly number[])[];
  /** Elements of crossed chunks that may be kept. */
  readonly most: number;
  /** For each axis, how many chunks a box crosses. */
  readonly counts: number[];
}

/** The ranges along each axis that boxes have; undefined where there is but one box. */
function boxParts(tensors: readonly StoredTensor[]): SliceAxis[][] | undefined {
  const { shape } = tensors[0]!;
  if (shape.length < 2 || shape.includes(0)) return undefined;
  const chunked = tensors.filter(({ storage }) => storage.kind === 'chunked');
  const crossings: Crossing[] = [];
  for (const { dtype, storage } of tensors) {
    if (storage.kind !== 'chunked') continue;
    const grid = chunkGrid(storage.shape, storage.chunks);
    // a grid may have billions of cells and few chunks
    if (!grid || grid.counts.some((count) => count > TENSOR_CHUNKS)) return undefined;
    const most = BOX_BYTES / chunked.length / elementByteLength(dtype);
    crossings.push(crossingOf(storage, grid, shape, most));
  }
  const parts = shape.map((dimension) => [sliceOf(0, dimension)]);
  for (let axis = 1; axis < shape.length; axis++) {
    // how many times as many as there should be
    const surplus = Math.max(
      0,
      ...crossings.map(({ grid, counts, most }) => crossedElements(grid, counts) / most),
    );
    if (surplus <= 1) break;
    const edges = crossings
      .map(({ starts }) => starts[axis]!)
      .reduce((common, own) => {
        const known = new Set(own);
        return common.filter((start) => known.has(start));
      });
    const each = Math.max(1, Math.floor(edges.length / surplus));
    const bounds = [...edges.filter((_, at) => at % each === 0), shape[axis]!];
    parts[axis] = bounds.slice(1).map((end, at) => sliceOf(bounds[at]!, end));
    for (const { starts, counts } of crossings) counts[axis] = mostWithin(starts[axis]!, bounds);
  }
  const boxes = parts.reduce((product, ranges) => product * ranges.length, 1);
  // more than there are chunks have nothing to unpack
  const most = chunked.reduce((sum, { storage }) => sum + (storage as ChunkedStorage).chunks.length, 0);
  return boxes === 1 || boxes > most ? undefined : parts;
}

function crossingOf(
  storage: ChunkedStorage,
  grid: ChunkGrid,
  shape: readonly number[],
  most: number,
): Crossing {
  const view = storage.view ?? wholeView(storage.shape);
  const counts = crossedChunks(grid, view, shape);
  const starts = viewCoordinates(view, shape).map((along, axis) => {
    const size = grid.cell[view.axes[axis]!.axis]!;
    return Array.from({ length: counts[axis]! }, (_, nth) => cellStart(along, size, nth));
  });
  return { grid, starts, most, counts };
}

/** The most of the ascending numbers that lie between two bounds that follow each other. */
function mostWithin(numbers: readonly number[], bounds: readonly number[]): number {
  let most = 0;
  let at = 0;
  for (const end of bounds.slice(1)) {
    const before = at;
    while (at < numbers.length && numbers[at]! < end) at++;
    most = Math.max(most, at - before);
  }
  return most;
}

function sliceOf(start: number, end: number): SliceAxis {
  return { start, count: end - start, step: 1, isDropped: false };
}
