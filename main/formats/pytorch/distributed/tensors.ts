import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { Checksum, DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import type { ChunkPlace, Entry } from '#main/formats/pytorch/distributed/metadata.ts';
import { AppError } from '#shared/errors.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { contiguousStrides, elementCountOf } from '#shared/tensor.ts';

type TensorEntry = Extract<Entry, { kind: 'tensor' }>;

/** A tensor's part and what was found where it lies. */
export interface FoundChunk {
  readonly place: ChunkPlace;
  readonly stored: StoredTensor;
}

/**
 * A tensor from its parts.
 * @throws AppError `corrupt` where they do not make it up.
 */
export function assembleTensor(
  name: string,
  entry: TensorEntry,
  chunks: readonly FoundChunk[],
): StoredTensor {
  const { dtype, shape } = entry;
  requireWhole(entry);
  for (const { place, stored } of chunks) requireSame(entry, place, stored);
  const checksums = chunks.flatMap(({ stored }) => stored.checksums ?? []);
  const checked = checksums.length > 0 ? { checksums: distinct(checksums) } : {};
  const [only] = chunks;
  if (only && chunks.length === 1) return { ...only.stored, ...checked, name };
  const [first] = chunks.map(({ stored }) => denseStorage(stored));
  return {
    name,
    dtype,
    shape,
    storage: {
      kind: 'chunked',
      shape,
      byteOrder: first?.byteOrder ?? 'little',
      // a part without elements is no chunk
      chunks: chunks
        .filter(({ place }) => !place.shape.includes(0))
        .map(({ place, stored }) => chunkOf(dtype, place, denseStorage(stored))),
    },
    ...checked,
  };
}

/** That no element is without a part: where there is none, a reader would show zeros. */
function requireWhole({ shape, chunks }: TensorEntry): void {
  const count = (of: readonly number[]): number => elementCountOf(of) ?? Infinity;
  const inParts = chunks.reduce((sum, part) => sum + count(part.shape), 0);
  if (inParts === count(shape)) return;
  throw new AppError('corrupt', 'the parts of the tensor do not make it up', {
    expected: `${count(shape)} elements`,
    found: `${inParts} elements in ${chunks.length} parts`,
  });
}

function requireSame({ dtype }: TensorEntry, place: ChunkPlace, stored: StoredTensor): void {
  const isSame =
    stored.dtype === dtype &&
    stored.shape.length === place.shape.length &&
    stored.shape.every((size, axis) => size === place.shape[axis]);
  if (isSame) return;
  throw new AppError('corrupt', 'a part of the tensor is not what the metadata say', {
    expected: `${dtype} [${place.shape.join(', ')}]`,
    found: `${stored.dtype} [${stored.shape.join(', ')}]`,
  });
}

function denseStorage({ storage }: StoredTensor): DenseStorage {
  if (storage.kind === 'dense') return storage;
  throw new AppError('corrupt', 'a part of the tensor holds no values');
}

function chunkOf(dtype: string, { origin, shape }: ChunkPlace, storage: DenseStorage): Chunk {
  const width = elementByteLength(dtype);
  const strides = storage.strides ?? contiguousStrides(shape);
  const isDense = contiguousStrides(shape).every(
    (stride, axis) => shape[axis] === 1 || strides[axis] === stride,
  );
  return {
    origin,
    shape,
    source: storage.source,
    offset: storage.offset + (storage.elementOffset ?? 0) * width,
    byteLength: (elementCountOf(shape) ?? 0) * width,
    filters: [],
    ...(isDense ? {} : { strides }),
  };
}

/** Parts may share a storage. */
function distinct(checksums: readonly Checksum[]): readonly Checksum[] {
  const byPlace = new Map(checksums.map((one) => [`${one.source}:${one.begin}:${one.end}`, one]));
  return [...byPlace.values()];
}
