import { CHUNK_CACHE_BYTES } from '#main/bytes/limits.ts';
import { sequentialSource } from '#main/bytes/sequential-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Chunk } from '#main/encodings/filters/filters.ts';
import { unpackZstdParts } from '#main/encodings/zstd/zstd-parts.ts';

/**
 * Whether a chunk is unpacked as it is read, never held whole: TensorStore packs all that one device has of an array, gigabytes perhaps, as one chunk.
 * @param unpacked bytes of the chunk.
 */
export function isStreamed({ filters }: Pick<Chunk, 'filters'>, unpacked: number): boolean {
  return filters.length === 1 && filters[0]!.kind === 'zstd' && unpacked > CHUNK_CACHE_BYTES;
}

/** What such a chunk unpacks to; reading onwards is cheap. Not to be described: its description is that of the packed bytes. */
export function streamedChunk(
  { offset, byteLength }: Chunk,
  source: ByteSource,
  unpacked: number,
): ByteSource {
  return sequentialSource({
    name: source.name,
    byteLength: unpacked,
    offset,
    description: source.description,
    open: () => unpackZstdParts(source, offset, byteLength),
  });
}
