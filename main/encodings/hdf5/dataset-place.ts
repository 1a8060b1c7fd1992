import { allocationBudget, TENSOR_CHUNKS } from '#main/bytes/limits.ts';
import { copyStrided } from '#main/bytes/copy-strided.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { unpackChunk, type Filter } from '#main/encodings/filters/filters.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { readChunkIndex, type ChunkedSpace, type StoredChunk } from '#main/encodings/hdf5/chunk-index.ts';
import type { ChunkedLayout } from '#main/encodings/hdf5/data-layout.ts';
import { AppError } from '#shared/errors.ts';
import { contiguousStrides } from '#shared/tensor.ts';

/** A chunk with its place in the file's own source; offsets and lengths are bytes. */
export interface PlacedChunk {
  readonly origin: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
  readonly filters: readonly Filter[];
}

/** Where a dataset's elements are. */
export type DatasetPlace =
  /** In C order, one after the other, in a source that holds just them. */
  | { readonly kind: 'piece'; readonly source: ByteSource }
  | {
      readonly kind: 'chunks';
      readonly chunkShape: readonly number[];
      readonly chunks: readonly PlacedChunk[];
    };

/**
 * The chunks of a dataset that lie inside its shape.
 * @param filters of the pipeline, in the order they were applied in.
 * @throws AppError `corrupt` for chunks that make no sense, `limit` for more than we read.
 */
export async function placeChunks(
  blocks: Hdf5Blocks,
  layout: ChunkedLayout,
  space: ChunkedSpace,
  filters: readonly Filter[],
): Promise<PlacedChunk[]> {
  const { chunkShape, isEdgePlain } = layout;
  if (chunkShape.length !== space.shape.length || chunkShape.includes(0)) {
    throw new AppError(
      'corrupt',
      `chunks of [${chunkShape.join(', ')}] in a dataset of [${space.shape.join(', ')}]`,
      {
        file: blocks.source.name,
      },
    );
  }
  const byMask = new Map<number, readonly Filter[]>([[0, filters]]);
  const filtersOf = (origin: readonly number[], mask: number): readonly Filter[] => {
    const isEdge = origin.some((at, axis) => at + chunkShape[axis]! > space.shape[axis]!);
    if (isEdge && isEdgePlain) return [];
    const known = byMask.get(mask) ?? filters.filter((_, step) => (mask & (1 << step)) === 0);
    byMask.set(mask, known);
    return known;
  };
  const chunks: PlacedChunk[] = [];
  await readChunkIndex(blocks, layout, space, ({ cell, address, byteLength, filterMask }: StoredChunk) => {
    const origin = cell.map((place, axis) => place * chunkShape[axis]!);
    if (origin.some((at, axis) => at >= space.shape[axis]!)) return;
    if (chunks.length >= TENSOR_CHUNKS) {
      throw new AppError('limit', 'the dataset has more chunks than are read', {
        file: blocks.source.name,
        expected: `at most ${TENSOR_CHUNKS}`,
      });
    }
    chunks.push({
      origin,
      offset: blocks.base + address,
      byteLength,
      filters: filtersOf(origin, filterMask),
    });
  });
  return chunks;
}

/**
 * All elements of a dataset in C order, as stored. For texts, which are read when the file is opened.
 * @param elementBytes bytes of an element; their number times that must have been found bearable before.
 * @param fill one element, for where nothing was written; zeros when absent.
 */
export async function readWhole(
  blocks: Hdf5Blocks,
  place: DatasetPlace,
  shape: readonly number[],
  elementBytes: number,
  fill: Uint8Array | undefined,
): Promise<Uint8Array> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (place.kind === 'piece') return place.source.read(0, count * elementBytes);
  const out = new Uint8Array(count * elementBytes);
  if (fill?.byteLength === elementBytes) {
    for (let at = 0; at < out.byteLength; at += elementBytes) out.set(fill, at);
  }
  const { chunkShape, chunks } = place;
  const chunkBytes = chunkShape.reduce((product, size) => product * size, elementBytes);
  const strides = contiguousStrides(shape);
  const chunkStrides = contiguousStrides(chunkShape);
  if (chunkBytes > allocationBudget(blocks.source.byteLength)) {
    throw new AppError('limit', `a chunk of ${chunkBytes} bytes is larger than is unpacked`, {
      file: blocks.source.name,
    });
  }
  for (const { origin, offset, byteLength, filters } of chunks) {
    const packed = await spanSource(blocks.source, offset, byteLength).read(0, byteLength);
    const bytes = await unpackChunk(packed, filters, chunkBytes, { file: blocks.source.name, offset });
    const extent = chunkShape.map((size, axis) => Math.min(size, shape[axis]! - origin[axis]!));
    const to = origin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
    copyStrided(bytes, 0, chunkStrides, out, to, strides, extent, elementBytes);
  }
  return out;
}
