/** The memory for unpacked chunks, and the processors that unpack them, are shared among all that read chunks at the moment, in whatever thread of the process. */
import { cpus } from 'node:os';

import { CHUNK_CACHE_BYTES } from '#main/bytes/limits.ts';

/** Where the readers of one thread are counted: each thread has a count of its own, so that it can be taken back when the thread dies. */
export interface ChunkReaders {
  readonly counts: SharedArrayBuffer;
  readonly place: number;
}

/** More than ever live at once. */
const MOST_THREADS = 16;

let counts = new Int32Array(new SharedArrayBuffer(4 * MOST_THREADS));
/** The thread that started all others counts in the first one. */
let place = 0;

/** For a thread that is started: what `joinChunkReaders` takes there. @param index of the thread among those that live at the same time, below 15. */
export function chunkReaders(index: number): ChunkReaders {
  return { counts: counts.buffer, place: 1 + index };
}

/** From now on, the readers of this thread count among those of the thread that started it. */
export function joinChunkReaders(readers: ChunkReaders): void {
  counts = new Int32Array(readers.counts);
  place = readers.place;
}

/** Once a thread has ended: what it read with, it reads with no more. */
export function leaveChunkReaders(readers: ChunkReaders): void {
  Atomics.store(new Int32Array(readers.counts), readers.place, 0);
}

/** Counts one reader while `use` runs. */
export async function asChunkReader<Result>(use: () => Promise<Result>): Promise<Result> {
  const [own, at] = [counts, place];
  Atomics.add(own, at, 1);
  try {
    return await use();
  } finally {
    Atomics.sub(own, at, 1);
  }
}

/** Bytes that one reader may hold now. */
export function chunkShareBytes(): number {
  return Math.floor(CHUNK_CACHE_BYTES / readersNow());
}

/** More at the same time would only take memory. */
const MOST_AT_ONCE = 8;

/** Chunks that one reader may unpack at the same time now, so that no processor is idle. One is best unpacked where it is read. */
export function chunksAtOnce(): number {
  return Math.min(MOST_AT_ONCE, Math.ceil(processors() / readersNow()));
}

let processorCount = 0;

function processors(): number {
  processorCount ||= Math.max(1, cpus().length);
  return processorCount;
}

/** One at least. */
function readersNow(): number {
  let readers = 0;
  for (let at = 0; at < counts.length; at++) readers += Atomics.load(counts, at);
  return Math.max(1, readers);
}
