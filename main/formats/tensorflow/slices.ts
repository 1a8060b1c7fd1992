// Partitioned variables: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, `BundleReader::GetSliceValue`.
import type { Chunk } from '#main/encodings/filters/filters.ts';
import type { BundleEntry, Extent } from '#main/formats/tensorflow/bundle.ts';
import { sliceKey } from '#main/formats/tensorflow/slice-key.ts';

/** A part of a tensor, and the entry that says where its values are. */
export interface Slice {
  readonly extents: readonly Extent[];
  readonly entry: BundleEntry;
}

/** The slices that an entry lists; undefined where the index has not all of them. */
export function slicesOf(
  name: string,
  entry: BundleEntry,
  entries: ReadonlyMap<string, BundleEntry>,
): readonly Slice[] | undefined {
  const slices: Slice[] = [];
  for (const extents of entry.slices) {
    const part = entries.get(sliceKey(name, extents));
    if (!part) return undefined;
    slices.push({ extents, entry: part });
  }
  return slices;
}

/** Pieces of the tensor; those without elements are left out. */
export function chunksOf(
  slices: readonly Slice[],
  shape: readonly number[],
  sourceOf: ReadonlyMap<number, number>,
): readonly Chunk[] {
  return slices
    .map(({ extents, entry: { shard, offset, byteLength } }) => ({
      origin: extents.map(({ start }) => start),
      shape: extents.map(({ length }, axis) => length ?? shape[axis] ?? 0),
      source: sourceOf.get(shard)!,
      offset,
      byteLength,
      filters: [],
    }))
    .filter((chunk) => !chunk.shape.includes(0));
}

/** Elements in all chunks together. */
export function elementsIn(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.shape.reduce((product, size) => product * size, 1), 0);
}
