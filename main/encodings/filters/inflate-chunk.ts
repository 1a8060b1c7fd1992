import { gunzip, inflate } from 'node:zlib';

import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

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
    // a limit of 0 would be none
    unpack(bytes, { maxOutputLength: Math.max(1, most) }, (error, result) => {
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
