/** The memory for unpacked chunks is shared among all that read chunks at the moment, in whatever thread of the process. */
import { CHUNK_CACHE_BYTES } from '#main/bytes/limits.ts';

let readers = new Int32Array(new SharedArrayBuffer(4));

/** For a thread that is started: what `joinChunkReaders` takes there. */
export function chunkReaders(): SharedArrayBuffer {
  return readers.buffer;
}

/** From now on, the readers of the thread that started this one count here, and these there. */
export function joinChunkReaders(shared: SharedArrayBuffer): void {
  readers = new Int32Array(shared);
}

/** Counts one reader while `use` runs. */
export async function asChunkReader<Result>(use: () => Promise<Result>): Promise<Result> {
  const own = readers;
  Atomics.add(own, 0, 1);
  try {
    return await use();
  } finally {
    Atomics.sub(own, 0, 1);
  }
}

/** Bytes that one reader may hold now. */
export function chunkShareBytes(): number {
  return Math.floor(CHUNK_CACHE_BYTES / Math.max(1, Atomics.load(readers, 0)));
}
