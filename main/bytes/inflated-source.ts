// Raw deflate streams (RFC 1951) read by position, in bounded memory.
import { Readable, pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

import { INFLATE_CHUNK_BYTES } from '#main/bytes/limits.ts';
import { checkRange } from '#main/bytes/range.ts';
import { sequentialSource } from '#main/bytes/sequential-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/**
 * The data of a raw deflate stream at [offset, offset + compressedByteLength) of `of`, as a source of `byteLength` bytes.
 * Reading onwards is cheap; going back starts over; several readers take turns. Never holds more than a few chunks.
 * Closing frees the inflater and leaves `of` open; a read after that starts over.
 * @throws AppError `corrupt` from `read` when the stream is damaged or is not exactly `byteLength` bytes long.
 */
export function inflatedSource(
  of: ByteSource,
  offset: number,
  compressedByteLength: number,
  byteLength: number,
  name = of.name,
): ByteSource {
  checkRange(of.name, of.byteLength, offset, compressedByteLength);
  return sequentialSource({
    name,
    byteLength,
    offset,
    description: { kind: 'inflated', of: of.description, offset, compressedByteLength, byteLength },
    open: () => inflate(of, offset, compressedByteLength, name),
  });
}

/** How long a raw deflate stream is, in bytes, packed and unpacked. */
export interface InflatedLength {
  readonly compressedByteLength: number;
  readonly byteLength: number;
}

/**
 * How much of [offset, offset + room) a raw deflate stream takes, and what it unpacks to: only unpacking tells.
 * @param most what the caller is ready to pass over.
 * @throws AppError `corrupt` for a damaged stream, `limit` for one that unpacks to more.
 */
export async function measureInflated(
  of: ByteSource,
  offset: number,
  room: number,
  most: number,
): Promise<InflatedLength> {
  let byteLength = 0;
  let compressedByteLength = 0;
  const onEnd = (taken: number): void => {
    compressedByteLength = taken;
  };
  for await (const chunk of inflate(of, offset, room, of.name, onEnd)) {
    byteLength += chunk.byteLength;
    if (byteLength <= most) continue;
    throw new AppError('limit', 'the compressed data unpack to more than we pass over', {
      file: of.name,
      offset,
      expected: `at most ${most} bytes`,
    });
  }
  return { compressedByteLength, byteLength };
}

/**
 * Inflates in chunks; ends where the deflate stream ends, whatever follows it.
 * @param onEnd is told how many packed bytes the stream has.
 */
async function* inflate(
  of: ByteSource,
  offset: number,
  byteLength: number,
  name: string,
  onEnd?: (compressedByteLength: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  async function* compressed(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let done = 0; done < byteLength; done += INFLATE_CHUNK_BYTES) {
      yield await of.read(offset + done, Math.min(INFLATE_CHUNK_BYTES, byteLength - done));
    }
  }
  const inflater = createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES });
  // errors of either end destroy both and come out of the loop below
  pipeline(Readable.from(compressed(), { objectMode: false, highWaterMark: 1 }), inflater, () => undefined);
  try {
    for await (const chunk of inflater) yield chunk as Uint8Array;
    onEnd?.(inflater.bytesWritten);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'corrupt',
      'the compressed data are damaged',
      { file: name, offset, found: error instanceof Error ? error.message : String(error) },
      error,
    );
  } finally {
    inflater.destroy();
  }
}
