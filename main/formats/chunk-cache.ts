/** Unpacked chunks, the latest ones kept. */
import { chunksAtOnce } from '#main/bytes/chunk-share.ts';
import { releaseMemory } from '#main/bytes/release-memory.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { unpackChunk, type Chunk } from '#main/encodings/filters/filters.ts';
import { isStreamed } from '#main/encodings/filters/streamed-chunk.ts';

/** Bytes of an unpacked chunk. @param width bytes of one element. */
export function chunkByteLength({ shape }: Chunk, width: number): number {
  return shape.reduce((product, size) => product * size, width);
}

/** Bytes of memory that unpacking a chunk takes: what is stored, and between two filters what the one gives and the other takes. */
export function unpackingByteLength(chunk: Chunk, width: number): number {
  const { filters, byteLength } = chunk;
  const unpacked = chunkByteLength(chunk, width);
  if (filters.length === 0 || isStreamed(chunk, unpacked)) return 0;
  return filters.length === 1 ? byteLength + unpacked : Math.max(byteLength, unpacked) + unpacked;
}

export interface ChunkCache {
  /** Hands the unpacked bytes over; they hold until `use` returns. */
  look(chunk: Chunk, use: (bytes: Uint8Array) => void, signal?: AbortSignal): Promise<void>;
  /** Lets all chunks go. */
  release(): void;
}

interface Entry {
  readonly byteLength: number;
  readonly bytes: Promise<Uint8Array>;
  /** How many are waiting for it. */
  users: number;
  isKept: boolean;
}

/** The chunks used last, up to so many bytes, though one at least. */
export function chunkCache(
  sources: readonly ByteSource[],
  width: number,
  mostBytes: () => number,
): ChunkCache {
  const kept = new Map<Chunk, Entry>();
  let keptBytes = 0;

  const releaseUnused = ({ bytes, users, isKept }: Entry): void => {
    if (users === 0 && !isKept) bytes.then(releaseMemory, () => {});
  };

  const forget = (chunk: Chunk, entry: Entry): void => {
    if (kept.get(chunk) !== entry) return;
    kept.delete(chunk);
    keptBytes -= entry.byteLength;
    entry.isKept = false;
    releaseUnused(entry);
  };

  /** The chunk's entry, now the latest. */
  const entryOf = (chunk: Chunk, signal?: AbortSignal): Entry => {
    let entry = kept.get(chunk);
    if (!entry) {
      const byteLength = chunkByteLength(chunk, width);
      const bytes = readChunk(chunk, sources[chunk.source]!, byteLength, signal);
      entry = { byteLength, bytes, users: 0, isKept: true };
      keptBytes += byteLength;
    }
    kept.delete(chunk);
    kept.set(chunk, entry);
    for (const [oldest, old] of kept) {
      if (keptBytes <= mostBytes() || oldest === chunk) break;
      forget(oldest, old);
    }
    return entry;
  };

  return {
    look: async (chunk, use, signal) => {
      const entry = entryOf(chunk, signal);
      entry.users++;
      try {
        use(await entry.bytes);
      } catch (error) {
        forget(chunk, entry);
        throw error;
      } finally {
        entry.users--;
        releaseUnused(entry);
      }
    },
    release: () => {
      for (const [chunk, entry] of kept) forget(chunk, entry);
    },
  };
}

/**
 * The unpacked bytes of a chunk, in memory of the caller's.
 * @param byteLength of them.
 * @throws AppError as its source does, and `corrupt` where it does not unpack to that length or misses its checksum.
 */
export async function readChunk(
  { offset, byteLength: packedLength, filters }: Chunk,
  source: ByteSource,
  byteLength: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const packed = await readPacked(source, offset, packedLength, signal);
  const bytes = await unpackChunk(packed, filters, byteLength, { file: source.name, offset });
  if (bytes.buffer !== packed.buffer) releaseMemory(packed);
  return bytes;
}

/** Where every processor has a reader of its own, Node's few threads for reading would be in the way. */
async function readPacked(
  source: ByteSource,
  offset: number,
  byteLength: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (!source.readInto || chunksAtOnce() > 1) return source.read(offset, byteLength, signal);
  const packed = new Uint8Array(byteLength);
  source.readInto(offset, packed);
  return packed;
}
