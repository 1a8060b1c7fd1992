/** The one executor of reading: a stored tensor to windows of canonical bytes. */
import type { ByteSource } from '#main/bytes/source.ts';
import { swapInPlace } from '#main/formats/byte-order.ts';
import { chunkedReader } from '#main/formats/chunks.ts';
import { readStrided } from '#main/formats/gather.ts';
import type { DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import { readAhead, type Read } from '#main/formats/read-ahead.ts';
import { unpackedSource } from '#main/formats/unpacked-source.ts';
import { AppError } from '#shared/errors.ts';
import { dtypeInfo, elementByteLength, swapUnit } from '#shared/dtype.ts';
import { contiguousStrides, elementCountOf } from '#shared/tensor.ts';

/** Canonical values of one tensor: little-endian, C order, at least one byte an element. Of block dtypes the elements are the blocks. */
export interface TensorReader {
  readonly elementCount: number;
  /** Bytes of one canonical element. */
  readonly elementByteLength: number;
  /**
   * Elements [start, start + count). The caller owns the bytes, which start at a multiple of 8 in their buffer.
   * @throws AppError `corrupt`, `io`, `cancelled`.
   */
  read(start: number, count: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * As `read`, for as many elements as `target` has room for, before it returns: where values lie in a file as they are.
   * @throws AppError `corrupt`, `io`.
   */
  readonly readInto?: (start: number, target: Uint8Array) => void;
  /** Elements, ascending, that no window of a pass goes beyond: so windows are the same ones wherever a pass begins that takes but a part. */
  readonly ends?: readonly number[];
  /** Gives memory back that reads have kept; where nothing is kept it is absent. */
  readonly release?: () => void;
}

/**
 * @param sources what the storage's index refers to.
 * @throws AppError `unsupported` for a tensor that has no fixed-width values in the file.
 */
export function tensorReader(tensor: StoredTensor, sources: readonly ByteSource[]): TensorReader {
  const { storage } = tensor;
  if (storage.kind === 'none') {
    throw new AppError('unsupported', 'the file holds no values for this tensor', { tensor: tensor.name });
  }
  if (storage.kind === 'strings') {
    throw new AppError('unsupported', 'this tensor holds texts, not numbers', { tensor: tensor.name });
  }
  const elementCount = (elementCountOf(tensor.shape) ?? 0) / (dtypeInfo(tensor.dtype).blockElements ?? 1);
  const width = elementByteLength(tensor.dtype);
  if (storage.kind === 'inline') {
    const { bytes } = storage;
    return {
      elementCount,
      elementByteLength: width,
      read: async (start, count) => bytes.slice(start * width, (start + count) * width),
    };
  }
  const adjust = (bytes: Uint8Array) => {
    if (storage.byteOrder === 'big') swapInPlace(bytes, tensor.dtype);
    if (storage.isUnpacked) extendSigns(bytes, tensor.dtype);
    if (storage.kind === 'dense' && storage.isConjugated) negateParts(bytes, width / 2, 1, 2);
    if (storage.kind === 'dense' && storage.isNegated) negateParts(bytes, swapUnit(tensor.dtype), 0, 1);
  };
  const readInto =
    storage.kind === 'dense' ? directReader(tensor, storage, sources[storage.source]!, width) : undefined;
  const chunked =
    storage.kind === 'chunked' ? chunkedReader(storage, sources, tensor.shape, width) : undefined;
  const read =
    storage.kind === 'dense'
      ? storageReader(tensor, storage, sources[storage.source]!, width)
      : chunked!.read;
  return {
    elementCount,
    elementByteLength: width,
    read: async (start, count, signal) => {
      const bytes = alignedCopy(await read(start, count, signal));
      adjust(bytes);
      return bytes;
    },
    ...(chunked ? { release: chunked.release } : {}),
    ...(readInto
      ? {
          readInto: (start: number, target: Uint8Array) => {
            readInto(start, target);
            adjust(target);
          },
        }
      : {}),
  };
}

function storageReader(tensor: StoredTensor, storage: DenseStorage, source: ByteSource, width: number): Read {
  const { bits } = dtypeInfo(tensor.dtype);
  if (bits < 8 && !storage.isUnpacked) return packedReader(tensor, storage, source, bits);
  if (isContiguous(tensor.shape, storage)) return denseReader(storage, source, width);
  return stridedReader(storage, source, tensor.shape, width);
}

function stridedReader(
  storage: DenseStorage,
  source: ByteSource,
  shape: readonly number[],
  width: number,
): Read {
  const read: Read = (start, count, signal) =>
    readStrided(source, storage, shape, width, start, count, signal);
  return readAhead(read, shape, width);
}

function denseReader(storage: DenseStorage, source: ByteSource, width: number): Read {
  const base = storage.offset + (storage.elementOffset ?? 0) * width;
  return (start, count, signal) => source.read(base + start * width, count * width, signal);
}

/** Reads what lies in its source one element after the other. */
function directReader(
  { dtype, shape }: StoredTensor,
  storage: DenseStorage,
  source: ByteSource,
  width: number,
): ((start: number, target: Uint8Array) => void) | undefined {
  const { readInto } = source;
  if (!readInto || (dtypeInfo(dtype).bits < 8 && !storage.isUnpacked) || !isContiguous(shape, storage))
    return undefined;
  const base = storage.offset + (storage.elementOffset ?? 0) * width;
  return (start, target) => readInto(base + start * width, target);
}

/** Elements below a byte, packed with the first one in the low bits; each comes out as a byte. */
function packedReader(tensor: StoredTensor, storage: DenseStorage, source: ByteSource, bits: number): Read {
  const { dtype, shape } = tensor;
  const count = Math.floor((storage.byteLength * 8) / bits);
  const codes = unpackedSource(source, { dtype, offset: storage.offset, count });
  const unpacked = { ...storage, offset: 0, byteLength: count };
  if (isContiguous(shape, storage)) return denseReader(unpacked, codes, 1);
  return stridedReader(unpacked, codes, shape, 1);
}

export function isContiguous(shape: readonly number[], storage: DenseStorage): boolean {
  if (!storage.strides) return true;
  const dense = contiguousStrides(shape);
  return shape.every((dimension, axis) => dimension <= 1 || storage.strides![axis] === dense[axis]);
}

/** Typed arrays want their own alignment; a copy has it. */
function alignedCopy(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

/** Gives elements below a byte that have one each their sign, and nothing else above their own bits. */
function extendSigns(bytes: Uint8Array, dtype: string): void {
  const { bits, kind } = dtypeInfo(dtype);
  const mask = 2 ** bits - 1;
  const least = kind === 'signed' ? 2 ** (bits - 1) : Infinity;
  for (let at = 0; at < bytes.byteLength; at++) {
    const code = bytes[at]! & mask;
    bytes[at] = code >= least ? code - mask - 1 : code;
  }
}

/** Flips the sign bit of every `step`-th part of `width` bytes, the first one at part `from`. */
function negateParts(bytes: Uint8Array, width: number, from: number, step: number): void {
  for (let end = (from + 1) * width; end <= bytes.byteLength; end += step * width) bytes[end - 1]! ^= 0x80;
}
