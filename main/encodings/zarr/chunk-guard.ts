import type { Chunk } from '#main/encodings/filters/filters.ts';
import { CRC32C_BYTES, storedCrc32c } from '#main/encodings/filters/strip-crc32c.ts';
import type { StoredGuard, StoredValue } from '#main/encodings/zarr/store.ts';

/** The checksum that stands for a stored chunk: its own where a CRC-32C was the last step, else that of what its value is part of. */
export async function guardOf(chunk: Chunk, value: StoredValue): Promise<StoredGuard | undefined> {
  const isOwn = chunk.filters.at(-1)?.kind === 'crc32c' && chunk.byteLength >= CRC32C_BYTES;
  if (!isOwn) return value.guard;
  const end = chunk.offset + chunk.byteLength - CRC32C_BYTES;
  const stored = await value.source.read(end, CRC32C_BYTES);
  return { number: chunk.source, begin: chunk.offset, end, crc32c: storedCrc32c(stored) };
}
