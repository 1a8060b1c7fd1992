import { gunzip, inflate } from 'node:zlib';

import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

/** Deflate makes no more of a byte. */
const DEFLATE_RATIO = 1032;

/**
 * Inflates a whole chunk: RFC 1950 (`zlib`) or RFC 1952 (`gzip`).
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for damaged data and for more bytes than that.
 */
export function inflateChunk(
  kind: 'zlib' | 'gzip',
  bytes: Uint8Array,
  most: number,
  place: ChunkPlace,
): Promise<Uint8Array> {
  const unpack = kind === 'zlib' ? inflate : gunzip;
  return new Promise((resolve, reject) => {
    // a limit of 0 would be none; one buffer for all of it, with room to see that there is no more
    const chunkSize = Math.min(most, bytes.byteLength * DEFLATE_RATIO) + 64;
    unpack(bytes, { maxOutputLength: Math.max(1, most), chunkSize }, (error, result) => {
      if (!error) resolve(result);
      else {
        const found =
          (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : error.message;
        reject(
          new AppError(
            'corrupt',
            'a compressed chunk is damaged',
            {
              ...place,
              expected: `${kind} data of at most ${most} bytes`,
              found,
            },
            error,
          ),
        );
      }
    });
  });
}
