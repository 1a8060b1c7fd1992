import {
  allocationBudget,
  chunkedBytesLimit,
  CHUNK_PAIRS,
  TENSOR_CHUNKS,
  TENSOR_RANK,
} from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import { isStreamed } from '#main/encodings/filters/streamed-chunk.ts';
import { axisWithMostOrigins, chunkGrid } from '#main/formats/chunk-map.ts';
import type { ChunkedStorage, ChunkedView } from '#main/formats/contract.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';

export interface ChunkFault {
  readonly code: string;
  readonly message: string;
}

/**
 * What readers of chunks rely on: every chunk inside its source and beginning inside the tensor, of the length
 * that its shape wants or packed to no more than we unpack, none overlapping another, and a view that stays inside.
 * @param shape of the tensor, already known to be one.
 * @param elementCount elements of the tensor.
 */
export function chunkedFault(
  dtype: string,
  shape: readonly number[],
  elementCount: number,
  storage: ChunkedStorage,
  sources: readonly ByteSource[],
): ChunkFault | undefined {
  const { chunks, fill, view } = storage;
  const { bits, kind, blockElements } = dtypeInfo(dtype);
  const width = elementByteLength(dtype);
  if (bits === 0 || (bits % 8 !== 0 && !storage.isUnpacked) || kind === 'string' || blockElements) {
    return { code: 'unsupported', message: `${dtype} values are not read from chunks` };
  }
  if (fill && fill.byteLength !== width) {
    return { code: 'length', message: `the fill value takes ${fill.byteLength} bytes, an element ${width}` };
  }
  if (!isShape(storage.shape))
    return { code: 'shape', message: `chunks of the shape [${storage.shape.join(', ')}]` };
  const isFramed = view ? isInside(view, shape, storage.shape) : isSame(shape, storage.shape);
  if (!isFramed) {
    return {
      code: 'shape',
      message: `[${shape.join(', ')}] elements of [${storage.shape.join(', ')}] in chunks`,
    };
  }
  if (chunks.length > TENSOR_CHUNKS) {
    return { code: 'limit', message: `the tensor has ${chunks.length} chunks, more than ${TENSOR_CHUNKS}` };
  }
  for (const chunk of chunks) {
    const fault = chunkFault(chunk, storage.shape, width, sources[chunk.source]);
    if (fault) return fault;
  }
  const stored = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (elementCount * width > chunkedBytesLimit(stored)) {
    return {
      code: 'limit',
      message: `${elementCount * width} bytes of values from ${stored} in the file are more than we unpack`,
    };
  }
  return overlapFault(storage);
}

function isShape(shape: readonly number[]): boolean {
  return shape.length <= TENSOR_RANK && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function isInside(
  { origin, axes }: ChunkedView,
  shape: readonly number[],
  whole: readonly number[],
): boolean {
  if (origin.length !== whole.length || axes.length !== shape.length) return false;
  if (new Set(axes.map(({ axis }) => axis)).size !== axes.length) return false;
  if (shape.includes(0)) return true;
  const isOn = (axis: number, coordinate: number): boolean =>
    Number.isSafeInteger(coordinate) && coordinate >= 0 && coordinate < whole[axis]!;
  return (
    origin.every((coordinate, axis) => isOn(axis, coordinate)) &&
    axes.every(({ axis, step }, at) => step !== 0 && isOn(axis, origin[axis]! + (shape[at]! - 1) * step))
  );
}

function chunkFault(
  { origin, shape, offset, byteLength, filters, strides }: Chunk,
  whole: readonly number[],
  width: number,
  source: ByteSource | undefined,
): ChunkFault | undefined {
  if (!source) return { code: 'storage', message: 'a chunk is in a file that is not there' };
  const isPlaced =
    origin.length === whole.length &&
    shape.length === whole.length &&
    origin.every((at, axis) => Number.isSafeInteger(at) && at >= 0 && at < whole[axis]!) &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!isPlaced) {
    return {
      code: 'chunks',
      message: `a chunk of [${shape.join(', ')}] elements at [${origin.join(', ')}] is not in the tensor`,
    };
  }
  const isStored =
    Number.isSafeInteger(offset) && Number.isSafeInteger(byteLength) && offset >= 0 && byteLength >= 0;
  if (!isStored || offset + byteLength > source.byteLength) {
    return {
      code: 'storage-range',
      message: `a chunk should be at bytes ${offset} to ${offset + byteLength} of a file of ${source.byteLength}`,
    };
  }
  const unpacked = shape.reduce((product, size) => product * size, width);
  if (strides && !isWithin(strides, shape, unpacked / width)) {
    return { code: 'strides', message: `the strides [${strides.join(', ')}] lead out of a chunk` };
  }
  if (filters.length === 0 && byteLength !== unpacked) {
    return { code: 'length', message: `a chunk takes ${byteLength} bytes, its shape wants ${unpacked}` };
  }
  const isHeldWhole = filters.length > 0 && !isStreamed({ filters }, unpacked);
  if (isHeldWhole && unpacked > allocationBudget(source.byteLength)) {
    return {
      code: 'limit',
      message: `a chunk of ${byteLength} bytes says it unpacks to ${unpacked}, more than we unpack`,
    };
  }
  return undefined;
}

function isWithin(strides: readonly number[], shape: readonly number[], elements: number): boolean {
  if (strides.length !== shape.length) return false;
  const last = strides.reduce((sum, stride, axis) => sum + (shape[axis]! - 1) * stride, 0);
  return strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0) && last < elements;
}

/** On a grid no cell may be filled twice; else each chunk is held against those that begin before it ends, along the axis that parts the chunks best. */
function overlapFault({ shape, chunks }: ChunkedStorage): ChunkFault | undefined {
  if (chunks.length < 2) return undefined;
  const grid = chunkGrid(shape, chunks);
  if (grid) {
    const isDistinct = new Set(grid.indices).size === chunks.length;
    return isDistinct ? undefined : { code: 'chunks', message: 'two chunks have the same place' };
  }
  const axis = axisWithMostOrigins(shape.length, chunks) ?? 0;
  const sorted = [...chunks].sort((a, b) => (a.origin[axis] ?? 0) - (b.origin[axis] ?? 0));
  let pairs = 0;
  for (const [index, chunk] of sorted.entries()) {
    for (let next = index + 1; next < sorted.length; next++) {
      const other = sorted[next]!;
      if (shape.length > 0 && other.origin[axis]! >= chunk.origin[axis]! + chunk.shape[axis]!) break;
      if (++pairs > CHUNK_PAIRS)
        return { code: 'limit', message: 'too many chunks lie side by side to hold them against each other' };
      if (!isApart(chunk, other)) {
        return {
          code: 'chunks',
          message: `two chunks overlap, at [${chunk.origin.join(', ')}] and [${other.origin.join(', ')}]`,
        };
      }
    }
  }
  return undefined;
}

function isApart(a: Chunk, b: Chunk): boolean {
  return a.origin.some(
    (at, axis) => at + a.shape[axis]! <= b.origin[axis]! || b.origin[axis]! + b.shape[axis]! <= at,
  );
}
