import { crc32c } from '#main/bytes/crc32c.ts';
import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

export const CRC32C_BYTES = 4;

/**
 * The data without the CRC-32C that follows them, as a view.
 * @throws AppError `corrupt` where it is another one than they have.
 */
export function stripCrc32c(bytes: Uint8Array, place: ChunkPlace): Uint8Array {
  const end = bytes.byteLength - CRC32C_BYTES;
  if (end < 0) throw new AppError('corrupt', 'a chunk is too short for its checksum', { ...place });
  const data = bytes.subarray(0, end);
  const stored = storedCrc32c(bytes.subarray(end));
  const found = crc32c(data);
  if (found === stored) return data;
  throw new AppError('corrupt', 'a chunk does not have its CRC-32C', {
    ...place,
    expected: `0x${stored.toString(16).padStart(8, '0')}`,
    found: `0x${found.toString(16).padStart(8, '0')}`,
  });
}

/** Four bytes, little-endian. */
function storedCrc32c([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
