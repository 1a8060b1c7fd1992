/** Windows of a tensor that is stored in chunks, in bounded memory: chunks are unpacked when first needed and the latest ones kept. */
import { copyStrided } from '#main/bytes/copy-strided.ts';
import { chunksAtOnce, chunkShareBytes } from '#main/bytes/chunk-share.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import { releaseMemory } from '#main/bytes/release-memory.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import { isStreamed, streamedChunk } from '#main/encodings/filters/streamed-chunk.ts';
import { chunkByteLength, chunkCache, readChunk } from '#main/formats/chunk-cache.ts';
import { chunkGrid, chunkMap, crossedChunks, crossedElements } from '#main/formats/chunk-map.ts';
import type { ChunkedStorage, ChunkedView } from '#main/formats/contract.ts';
import { readAhead, type Read } from '#main/formats/read-ahead.ts';
import { largestBox, readStrided, type Box } from '#main/formats/gather.ts';
import { throwIfCancelled } from '#shared/errors.ts';
import { contiguousStrides } from '#shared/tensor.ts';

/** Chunks whose unpacking is kept going; each has a window of its own. */
const STREAMS = 8;

/** A view of the whole tensor. */
export function wholeView(shape: readonly number[]): ChunkedView {
  return { origin: shape.map(() => 0), axes: shape.map((_, axis) => ({ axis, step: 1 })) };
}

/** What a box of the view and a chunk have in common; coordinates are elements. */
interface Overlap {
  /** First coordinate in the box, and extent, along each axis of the view. */
  readonly from: number[];
  readonly extent: number[];
  /** Element of the chunk that comes first, and the way to the next one along each axis of the view. */
  readonly first: number;
  readonly strides: number[];
}

export interface ChunkedReader {
  readonly read: Read;
  /** Lets the chunks go that reads have kept. */
  release(): void;
}

/**
 * Reads elements [start, start + count) of the storage's view in C order, as stored (not swapped).
 * @param shape of the view.
 * @param width bytes of one element.
 */
export function chunkedReader(
  storage: ChunkedStorage,
  sources: readonly ByteSource[],
  shape: readonly number[],
  width: number,
): ChunkedReader {
  const view = storage.view ?? wholeView(storage.shape);
  const chunksAt = chunkMap(storage.shape, storage.chunks);
  const crossed = crossedBytes(storage, view, shape, width);
  const isAhead = crossed > chunkShareBytes();
  // what is read once in its order comes back to no other chunks than those; all of them are kept for another time if they fit
  const isKeptWhole = shape.reduce((product, size) => product * size, width) <= chunkShareBytes();
  const worthKeeping = isAhead ? 0 : isKeptWhole || crossed === 0 ? Infinity : crossed;
  const cache = chunkCache(sources, width, () => Math.min(worthKeeping, chunkShareBytes()));
  const inParts = chunkParts(sources, width);
  const isZero = storage.fill === undefined || storage.fill.every((byte) => byte === 0);

  async function readBox(box: Box, out: Uint8Array, signal?: AbortSignal): Promise<void> {
    const touched = chunksAt(coordinatesOf(view, box));
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < touched.length; index = next++) {
        throwIfCancelled(signal);
        const chunk = touched[index]!;
        const overlap = overlapOf(chunk, view, box);
        if (overlap) await copyChunk(chunk, overlap, box, out, signal);
      }
    };
    const largest = touched.reduce((most, chunk) => Math.max(most, chunkByteLength(chunk, width)), 1);
    // the other half is for what is kept, or for the block that is read ahead
    const fitting = Math.max(1, Math.floor(chunkShareBytes() / 2 / largest));
    const atOnce = Math.min(chunksAtOnce(), touched.length, fitting);
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async function copyChunk(
    chunk: Chunk,
    { from, extent, first, strides }: Overlap,
    box: Box,
    out: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    const boxStrides = contiguousStrides(box.extent);
    const to = from.reduce((sum, coordinate, axis) => sum + coordinate * boxStrides[axis]!, 0);
    const parts = inParts(chunk);
    if (parts) {
      const { source, offset, byteLength } = parts;
      const part = {
        kind: 'dense',
        ...{ source: 0, offset, byteLength },
        byteOrder: storage.byteOrder,
        elementOffset: first,
        strides,
      } as const;
      const count = extent.reduce((product, size) => product * size, 1);
      const bytes = await readStrided(source, part, extent, width, 0, count, signal);
      copyStrided(bytes, 0, contiguousStrides(extent), out, to, boxStrides, extent, width);
    } else {
      const copy = (bytes: Uint8Array) =>
        copyStrided(bytes, first, strides, out, to, boxStrides, extent, width);
      await cache.look(chunk, copy, signal);
    }
  }

  const read: Read = async (start, count, signal) => {
    const out = new Uint8Array(count * width);
    if (!isZero) for (let at = 0; at < out.byteLength; at += width) out.set(storage.fill, at);
    for (let done = 0; done < count;) {
      throwIfCancelled(signal);
      const box = largestBox(shape, start + done, count - done);
      await readBox(box, out.subarray(done * width, (done + box.elementCount) * width), signal);
      done += box.elementCount;
    }
    return out;
  };
  // chunks that cannot all be kept are each unpacked once for a block rather than once for a window
  return {
    read: isAhead ? readAhead(read, shape, width, chunkShareBytes() / 2) : read,
    release: cache.release,
  };
}

/** Of the chunks that C order goes through in turn; 0 where they lie on no grid. */
function crossedBytes(
  storage: ChunkedStorage,
  view: ChunkedView,
  shape: readonly number[],
  width: number,
): number {
  const grid = chunkGrid(storage.shape, storage.chunks);
  if (!grid) return 0;
  return width * crossedElements(grid, crossedChunks(grid, view, shape));
}

/** Where the unpacked bytes of a chunk are that is never held whole. */
interface ChunkParts {
  readonly source: ByteSource;
  readonly offset: number;
  readonly byteLength: number;
}

/** Large chunks are read in parts, if they are not packed or packed in a way that allows it; of the latter the latest go on where they were. */
function chunkParts(sources: readonly ByteSource[], width: number): (chunk: Chunk) => ChunkParts | undefined {
  const streams = new Map<Chunk, ByteSource>();
  return (chunk) => {
    const { filters, offset, byteLength } = chunk;
    const source = sources[chunk.source]!;
    if (filters.length === 0) {
      return byteLength > Math.max(WINDOW_BYTES, width) ? { source, offset, byteLength } : undefined;
    }
    const unpacked = chunkByteLength(chunk, width);
    if (!isStreamed(chunk, unpacked)) return undefined;
    const stream = streams.get(chunk) ?? streamedChunk(chunk, source, unpacked);
    streams.delete(chunk);
    streams.set(chunk, stream);
    if (streams.size > STREAMS) streams.delete(streams.keys().next().value!);
    return { source: stream, offset: 0, byteLength: unpacked };
  };
}

/** For each axis of the whole, the coordinates that a box of the view takes: the first, the step, and how many. */
function coordinatesOf(
  { origin, axes }: ChunkedView,
  box: Box,
): { first: number; step: number; count: number }[] {
  const coordinates = origin.map((first) => ({ first, step: 1, count: 1 }));
  axes.forEach(({ axis, step }, at) => {
    coordinates[axis] = { first: origin[axis]! + box.from[at]! * step, step, count: box.extent[at]! };
  });
  return coordinates;
}

function overlapOf(chunk: Chunk, view: ChunkedView, box: Box): Overlap | undefined {
  const chunkStrides = chunk.strides ?? contiguousStrides(chunk.shape);
  const place = view.origin.map((first, axis) => first - chunk.origin[axis]!);
  const isOnAxis = new Array<boolean>(place.length).fill(false);
  const overlap = { from: [] as number[], extent: [] as number[], strides: [] as number[] };
  for (const [at, { axis, step }] of view.axes.entries()) {
    isOnAxis[axis] = true;
    // coordinates inside the chunk are place + i × step for i from low to high
    const begin = place[axis]! + box.from[at]! * step;
    const size = chunk.shape[axis]!;
    const low = step > 0 ? Math.ceil(-begin / step) : Math.ceil((begin - size + 1) / -step);
    const high = step > 0 ? Math.ceil((size - begin) / step) : Math.floor(begin / -step) + 1;
    const from = Math.max(0, low);
    const extent = Math.min(box.extent[at]!, high) - from;
    if (extent <= 0) return undefined;
    overlap.from.push(from);
    overlap.extent.push(extent);
    overlap.strides.push(step * chunkStrides[axis]!);
    place[axis] = begin + from * step;
  }
  const isInside = place.every((at, axis) => isOnAxis[axis] || (at >= 0 && at < chunk.shape[axis]!));
  if (!isInside) return undefined;
  return { ...overlap, first: place.reduce((sum, at, axis) => sum + at * chunkStrides[axis]!, 0) };
}

/** Filters that store a checksum of what they are given: HDF5's own, and those that zlib, gzip and bzip2 end with. */
const CHECKED: ReadonlySet<string> = new Set(['fletcher32', 'crc32c', 'zlib', 'gzip', 'bzip2']);

/** Whether a checksum is stored with the chunk. */
export function isChunkChecked({ filters }: Chunk): boolean {
  return filters.some((filter) => CHECKED.has(filter.kind) || (filter.kind === 'zstd' && filter.hasChecksum));
}

/**
 * Unpacks a chunk and lets it go.
 * @throws AppError `corrupt` where it does not unpack, or not to what its checksum says.
 */
export async function checkChunk(
  chunk: Chunk,
  source: ByteSource,
  width: number,
  signal?: AbortSignal,
): Promise<void> {
  const byteLength = chunkByteLength(chunk, width);
  if (isStreamed(chunk, byteLength)) {
    // the last byte comes after all others, and the checksum with it
    await streamedChunk(chunk, source, byteLength).read(byteLength - 1, 1, signal);
    return;
  }
  releaseMemory(await readChunk(chunk, source, byteLength, signal));
}
