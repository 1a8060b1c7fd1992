import { cursorOver, type Cursor } from '#main/bytes/cursor.ts';
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';

/** Walks forward through a source that has no directory: small reads where it jumps, larger ones where it does not. */
export interface SourceCursor {
  /** Bytes from the start of the source. */
  position(): number;
  remaining(): number;
  /** Passes over bytes without reading them. @throws AppError `corrupt` beyond the end. */
  skip(count: number): void;
  /**
   * The next `count` bytes, which are then passed. The cursor's errors carry file and offset.
   * @throws AppError `corrupt` beyond the end.
   */
  take(count: number): Promise<Cursor>;
}

const FIRST_READ_BYTES = 4 * 1024;
const LONGEST_READ_BYTES = 256 * 1024;

export function sourceCursor(source: ByteSource, start = 0): SourceCursor {
  let position = start;
  let window: Uint8Array = new Uint8Array(0);
  let windowBegin = start;
  let readBytes = FIRST_READ_BYTES;

  return {
    position: () => position,
    remaining: () => source.byteLength - position,
    skip: (count) => {
      checkRange(source.name, source.byteLength, position, count);
      position += count;
    },
    take: async (count) => {
      checkRange(source.name, source.byteLength, position, count);
      const windowEnd = windowBegin + window.byteLength;
      if (position + count > windowEnd) {
        readBytes = position <= windowEnd ? Math.min(2 * readBytes, LONGEST_READ_BYTES) : FIRST_READ_BYTES;
        const length = Math.min(Math.max(count, readBytes), source.byteLength - position);
        window = await source.read(position, length);
        windowBegin = position;
      }
      const begin = position - windowBegin;
      const cursor = cursorOver(window.subarray(begin, begin + count), { base: position, file: source.name });
      position += count;
      return cursor;
    },
  };
}
