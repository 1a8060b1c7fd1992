import { createGunzip } from 'node:zlib';

import { fileSource } from '#main/bytes/file-source.ts';
import { DATA_SET_BYTES, WINDOW_BYTES } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * The bytes of a file in windows, inflated where it is gzip.
 * @throws AppError `not-found`, `io`, `limit` where it is too long to hold in memory, `corrupt` for damaged gzip.
 */
export async function* dataChunks(path: string): AsyncGenerator<Uint8Array> {
  const source = await fileSource(path);
  try {
    if (source.byteLength > DATA_SET_BYTES) throw tooLong(source.name, `${source.byteLength} bytes`);
    const head = await source.read(0, Math.min(2, source.byteLength));
    const isPacked = head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
    const windows = windowsOf(source);
    if (isPacked) yield* inflated(windows, source.name);
    else yield* windows;
  } finally {
    await source.close();
  }
}

/** All bytes at once, in memory of their own. @throws as `dataChunks`. */
export async function dataBytes(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of dataChunks(path)) {
    chunks.push(chunk);
    byteLength += chunk.byteLength;
  }
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

async function* windowsOf(source: Awaited<ReturnType<typeof fileSource>>): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.byteLength; offset += WINDOW_BYTES) {
    yield await source.read(offset, Math.min(WINDOW_BYTES, source.byteLength - offset));
  }
}

async function* inflated(windows: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = (async () => {
    for await (const window of windows) {
      if (!gunzip.write(window)) await new Promise((resolve) => gunzip.once('drain', resolve));
      if (gunzip.destroyed) return;
    }
    gunzip.end();
  })();
  feeding.catch((error: Error) => gunzip.destroy(error));
  let byteLength = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      byteLength += chunk.byteLength;
      if (byteLength > DATA_SET_BYTES) throw tooLong(file, 'more when inflated');
      yield chunk;
    }
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('Z_')) throw error;
    throw new AppError('corrupt', 'the gzip file is damaged', { file }, error);
  } finally {
    gunzip.destroy();
  }
}

export function tooLong(file: string, found: string): AppError {
  return new AppError('limit', 'the data are too many to hold in memory', {
    file,
    expected: `at most ${DATA_SET_BYTES} bytes`,
    found,
  });
}
