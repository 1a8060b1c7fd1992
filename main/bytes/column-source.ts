import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** Where the items of a column are: item i at `offset + i * strideBytes`. All numbers are bytes but `count`. */
export interface Column {
  readonly offset: number;
  readonly itemBytes: number;
  readonly strideBytes: number;
  readonly count: number;
}

/**
 * One column of records as a source of its own: its items without what lies between them.
 * Reading takes windows of the records, so memory stays bounded; closing leaves the other source open.
 */
export function columnSource(of: ByteSource, column: Column, name = of.name): ByteSource {
  const { offset, itemBytes, strideBytes, count } = column;
  const extent = count === 0 ? 0 : (count - 1) * strideBytes + itemBytes;
  checkRange(of.name, of.byteLength, offset, extent);
  const byteLength = itemBytes * count;

  /** Copies the parts of [start, start + out.byteLength) item by item. */
  async function readItems(start: number, out: Uint8Array, signal?: AbortSignal): Promise<void> {
    const itemsAWindow = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, strideBytes)));
    for (let done = 0; done < out.byteLength;) {
      throwIfCancelled(signal);
      const first = Math.floor((start + done) / itemBytes);
      const last = Math.min(Math.ceil((start + out.byteLength) / itemBytes), first + itemsAWindow) - 1;
      const window = await of.read(
        offset + first * strideBytes,
        (last - first) * strideBytes + itemBytes,
        signal,
      );
      for (let item = first; item <= last; item++) {
        const from = start + done - item * itemBytes;
        const part = Math.min(itemBytes - from, out.byteLength - done);
        const at = (item - first) * strideBytes + from;
        out.set(window.subarray(at, at + part), done);
        done += part;
      }
    }
  }

  return {
    name,
    byteLength,
    description: { kind: 'column', of: of.description, offset, itemBytes, strideBytes, count },
    read: async (start, length, signal) => {
      checkRange(name, byteLength, start, length);
      const out = new Uint8Array(length);
      await readItems(start, out, signal);
      return out;
    },
    close: async () => {},
  };
}
