import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { ChunkedView } from '#main/formats/contract.ts';

/** Coordinates along one axis: first, first + step, … */
export interface Coordinates {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** The chunks that may hold an element at these coordinates, one entry for each axis. */
export type ChunkMap = (coordinates: readonly Coordinates[]) => readonly Chunk[];

/** Finds chunks by where they are: by their cell where they lie on a grid, else along the axis that parts them best. */
export function chunkMap(shape: readonly number[], chunks: readonly Chunk[]): ChunkMap {
  if (chunks.length === 0) return () => [];
  return gridMap(shape, chunks) ?? sortedMap(shape.length, chunks);
}

/** Chunks of one shape whose origins are multiples of it: how many cells there are along each axis, and which one each chunk fills. */
export interface ChunkGrid {
  readonly cell: readonly number[];
  readonly counts: readonly number[];
  /** C order, one for each chunk. */
  readonly indices: readonly number[];
}

/** Undefined for chunks that lie on no grid, or on one with more cells than can be numbered. */
export function chunkGrid(shape: readonly number[], chunks: readonly Chunk[]): ChunkGrid | undefined {
  const cell = chunks[0]?.shape;
  if (!cell) return undefined;
  const counts = shape.map((size, axis) => Math.ceil(size / cell[axis]!));
  if (counts.reduce((product, count) => product * count, 1) > Number.MAX_SAFE_INTEGER) return undefined;
  const indices: number[] = [];
  for (const chunk of chunks) {
    let index = 0;
    for (let axis = 0; axis < cell.length; axis++) {
      const place = chunk.origin[axis]! / cell[axis]!;
      if (chunk.shape[axis] !== cell[axis] || !Number.isInteger(place)) return undefined;
      index = index * counts[axis]! + place;
    }
    indices.push(index);
  }
  return { cell, counts, indices };
}

/** The coordinates of a view along each of its axes. @param shape of the view. */
export function viewCoordinates({ origin, axes }: ChunkedView, shape: readonly number[]): Coordinates[] {
  return axes.map(({ axis, step }, at) => ({ first: origin[axis]!, step, count: shape[at]! }));
}

/** Elements of the chunks that C order goes through in turn, again and again, before it is done with any of them. @param counts of chunks that each axis of a view crosses. */
export function crossedElements({ cell }: ChunkGrid, counts: readonly number[]): number {
  return [...cell, ...counts.slice(1)].reduce((product, count) => product * count, 1);
}

/** For each axis of a view, how many chunks it crosses. @param shape of the view. */
export function crossedChunks({ cell }: ChunkGrid, view: ChunkedView, shape: readonly number[]): number[] {
  return viewCoordinates(view, shape).map((along, at) => cellCount(along, cell[view.axes[at]!.axis]!));
}

/** How many cells the coordinates are in. @param size of a cell. */
function cellCount({ first, step, count }: Coordinates, size: number): number {
  if (Math.abs(step) >= size || count === 0) return count;
  return Math.abs(Math.floor((first + (count - 1) * step) / size) - Math.floor(first / size)) + 1;
}

/** Which of the coordinates is the first one in the nth cell that they are in, from 0. @param size of a cell. */
export function cellStart({ first, step }: Coordinates, size: number, nth: number): number {
  if (nth === 0 || Math.abs(step) >= size) return nth;
  const cell = Math.floor(first / size) + Math.sign(step) * nth;
  const toEdge = step > 0 ? cell * size - first : first - (cell + 1) * size + 1;
  return Math.ceil(toEdge / Math.abs(step));
}

function gridMap(shape: readonly number[], chunks: readonly Chunk[]): ChunkMap | undefined {
  const grid = chunkGrid(shape, chunks);
  if (!grid) return undefined;
  const { cell, counts } = grid;
  const byCell = new Map(chunks.map((chunk, at) => [grid.indices[at]!, chunk]));
  return (coordinates) => {
    const asked = coordinates.reduce((product, along, axis) => product * cellCount(along, cell[axis]!), 1);
    // a grid may have billions of cells and few chunks
    if (asked > chunks.length) return chunks.filter((chunk) => isReached(chunk, coordinates));
    let indices = [0];
    coordinates.forEach((axisCoordinates, axis) => {
      const cells = cellsOf(axisCoordinates, cell[axis]!);
      indices = indices.flatMap((index) => cells.map((place) => index * counts[axis]! + place));
    });
    return indices.flatMap((index) => byCell.get(index) ?? []);
  };
}

/** Whether a chunk lies between the least and the greatest coordinate along every axis. */
function isReached({ origin, shape }: Chunk, coordinates: readonly Coordinates[]): boolean {
  return coordinates.every(({ first, step, count }, axis) => {
    const last = first + (count - 1) * step;
    return origin[axis]! <= Math.max(first, last) && origin[axis]! + shape[axis]! > Math.min(first, last);
  });
}

/** Each cell that one of the coordinates is in, once. */
function cellsOf(coordinates: Coordinates, size: number): number[] {
  const { first, step } = coordinates;
  return Array.from({ length: cellCount(coordinates, size) }, (_, nth) =>
    Math.floor((first + cellStart(coordinates, size, nth) * step) / size),
  );
}

function sortedMap(rank: number, chunks: readonly Chunk[]): ChunkMap {
  const axis = axisWithMostOrigins(rank, chunks);
  if (axis === undefined) return () => chunks;
  const sorted = [...chunks].sort((a, b) => a.origin[axis]! - b.origin[axis]!);
  const longest = sorted.reduce((most, { shape }) => Math.max(most, shape[axis]!), 0);
  return (coordinates) => {
    const { first, step, count } = coordinates[axis]!;
    const last = first + (count - 1) * step;
    const low = Math.min(first, last);
    const high = Math.max(first, last);
    const found: Chunk[] = [];
    for (let at = firstBeyond(sorted, axis, low - longest); at < sorted.length; at++) {
      const chunk = sorted[at]!;
      if (chunk.origin[axis]! > high) break;
      if (chunk.origin[axis]! + chunk.shape[axis]! > low) found.push(chunk);
    }
    return found;
  };
}

/** The axis along which chunks differ most; undefined without axes. */
export function axisWithMostOrigins(rank: number, chunks: readonly Chunk[]): number | undefined {
  let best: number | undefined;
  let most = 0;
  for (let axis = 0; axis < rank; axis++) {
    const distinct = new Set(chunks.map(({ origin }) => origin[axis])).size;
    if (distinct > most) [best, most] = [axis, distinct];
  }
  return best;
}

/** Index of the first chunk whose origin lies beyond `limit`. */
function firstBeyond(sorted: readonly Chunk[], axis: number, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.origin[axis]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
