import { gunzip, gunzipSync, inflate, inflateSync, type ZlibOptions } from 'node:zlib';
import { promisify } from 'node:util';

import { chunksAtOnce } from '#main/bytes/chunk-share.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

/** Deflate makes no more of a byte. */
const DEFLATE_RATIO = 1032;

const UNPACKERS = {
  zlib: { here: inflateSync, elsewhere: promisify<Uint8Array, ZlibOptions, Uint8Array>(inflate) },
  gzip: { here: gunzipSync, elsewhere: promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip) },
};

/**
 * Inflates a whole chunk: RFC 1950 (`zlib`) or RFC 1952 (`gzip`).
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for damaged data and for more bytes than that.
 */
export async function inflateChunk(
  kind: 'zlib' | 'gzip',
  bytes: Uint8Array,
  most: number,
  place: ChunkPlace,
): Promise<Uint8Array> {
  const { here, elsewhere } = UNPACKERS[kind];
  // a limit of 0 would be none; one buffer for all of it, with room to see that there is no more
  const chunkSize = Math.min(most, bytes.byteLength * DEFLATE_RATIO) + 64;
  const options = { maxOutputLength: Math.max(1, most), chunkSize };
  // where every processor has a reader of its own, Node's few threads for this would be in the way
  const isHere = most <= WINDOW_BYTES && chunksAtOnce() === 1;
  try {
    return isHere ? here(bytes, options) : await elsewhere(bytes, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new AppError(
      'corrupt',
      'a compressed chunk is damaged',
      {
        ...place,
        expected: `${kind} data of at most ${most} bytes`,
        found: code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : message,
      },
      error,
    );
  }
}
