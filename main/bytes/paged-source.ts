import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';

/** How much of a source is kept. */
export interface Paging {
  /** Bytes of a page. */
  readonly pageBytes: number;
  /** Pages that are kept, the latest ones. */
  readonly pages: number;
}

/**
 * The same bytes in fewer reads, for formats that jump about in small steps: whole pages are read and the latest ones kept.
 * Reads of more than a quarter of what is kept go straight through. Closing forgets the pages and leaves the other source open.
 */
export function pagedSource(of: ByteSource, { pageBytes, pages }: Paging): ByteSource {
  const kept = new Map<number, Promise<Uint8Array>>();

  function page(index: number, signal?: AbortSignal): Promise<Uint8Array> {
    const begin = index * pageBytes;
    const bytes = kept.get(index) ?? of.read(begin, Math.min(pageBytes, of.byteLength - begin), signal);
    kept.delete(index);
    kept.set(index, bytes);
    bytes.catch(() => kept.delete(index));
    if (kept.size > pages) kept.delete(kept.keys().next().value!);
    return bytes;
  }

  return {
    name: of.name,
    byteLength: of.byteLength,
    description: of.description,
    read: async (offset, length, signal) => {
      checkRange(of.name, of.byteLength, offset, length);
      if (length > (pageBytes * pages) / 4) return of.read(offset, length, signal);
      const out = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const index = Math.floor((offset + done) / pageBytes);
        const from = offset + done - index * pageBytes;
        const part = (await page(index, signal)).subarray(from, from + length - done);
        out.set(part, done);
        done += part.byteLength;
      }
      return out;
    },
    close: async () => kept.clear(),
  };
}
