/** Unpacked chunks, the latest ones kept. */
import { releaseMemory } from '#main/bytes/release-memory.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { unpackChunk, type Chunk } from '#main/encodings/filters/filters.ts';

/** Bytes of an unpacked chunk. @param width bytes of one element. */
export function chunkByteLength({ shape }: Chunk, width: number): number {
  return shape.reduce((product, size) => product * size, width);
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

  const fetch = async (chunk: Chunk, byteLength: number, signal?: AbortSignal): Promise<Uint8Array> => {
    const source = sources[chunk.source]!;
    const packed = await source.read(chunk.offset, chunk.byteLength, signal);
    const place = { file: source.name, offset: chunk.offset };
    const bytes = await unpackChunk(packed, chunk.filters, byteLength, place);
    if (bytes.buffer !== packed.buffer) releaseMemory(packed);
    return bytes;
  };

  /** The chunk's entry, now the latest. */
  const entryOf = (chunk: Chunk, signal?: AbortSignal): Entry => {
    let entry = kept.get(chunk);
    if (!entry) {
      const byteLength = chunkByteLength(chunk, width);
      entry = { byteLength, bytes: fetch(chunk, byteLength, signal), users: 0, isKept: true };
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
