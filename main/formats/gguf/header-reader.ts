import { cursorOver, type Cursor } from '#main/bytes/cursor.ts';
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/** Walks forward through a GGUF header: many small values, taken synchronously out of windows that grow while they are used. */
export interface HeaderReader {
  readonly file: string;
  /** Bytes from the start of the file. */
  position(): number;
  remaining(): number;
  /** Bytes that `take` gives without waiting. */
  buffered(): number;
  /** Makes the next `count` bytes available and gives the cursor at them. @throws AppError `corrupt` beyond the end. */
  need(count: number): Promise<Cursor>;
  /** Passes over bytes. @throws AppError `corrupt` beyond the end. */
  skip(count: number): void;
  /** A count or length: 32 bits in version 1, 64 since. @throws AppError `corrupt` beyond 2^53 - 1. */
  count(what: string): Promise<number>;
  /** As `count`, for where `COUNT_BYTES` are known to be buffered. */
  bufferedCount(what: string): number;
}

/** The longest that a count can be. */
export const COUNT_BYTES = 8;

const FIRST_WINDOW_BYTES = 16 * 1024;
const LONGEST_WINDOW_BYTES = 1024 * 1024;

/** @param bigEndian whether the file's numbers are. */
export function headerReader(
  source: ByteSource,
  start: number,
  version: number,
  bigEndian: boolean,
): HeaderReader {
  const options = { bigEndian, file: source.name };
  let cursor = cursorOver(new Uint8Array(0), { ...options, base: start });
  let windowBytes = FIRST_WINDOW_BYTES;

  const position = (): number => cursor.base + cursor.position;

  const need = async (count: number): Promise<Cursor> => {
    if (cursor.remaining() >= count) return cursor;
    const from = position();
    checkRange(source.name, source.byteLength, from, count);
    const length = Math.min(Math.max(count, windowBytes), source.byteLength - from);
    cursor = cursorOver(await source.read(from, length), { ...options, base: from });
    windowBytes = Math.min(2 * windowBytes, LONGEST_WINDOW_BYTES);
    return cursor;
  };

  const bufferedCount = (what: string): number => {
    if (version > 1) return cursor.count64(what);
    return cursor.u32();
  };

  return {
    file: source.name,
    position,
    remaining: () => source.byteLength - position(),
    buffered: () => cursor.remaining(),
    need,
    skip: (count) => {
      if (count <= cursor.remaining()) cursor.skip(count);
      else {
        const from = position();
        checkRange(source.name, source.byteLength, from, count);
        cursor = cursorOver(new Uint8Array(0), { ...options, base: from + count });
      }
    },
    bufferedCount,
    count: async (what) => {
      await need(version > 1 ? 8 : 4);
      return bufferedCount(what);
    },
  };
}

/** A count of things that take at least `leastBytes` each. @throws AppError `corrupt` when the file has no room for them, `limit` beyond `most`. */
export async function countThatFits(
  reader: HeaderReader,
  what: string,
  leastBytes: number,
  most: number,
): Promise<number> {
  const offset = reader.position();
  const count = await reader.count(what);
  if (count * leastBytes > reader.remaining()) {
    throw new AppError('corrupt', `${what} is more than the file has room for`, {
      file: reader.file,
      offset,
      expected: `at most ${Math.floor(reader.remaining() / leastBytes)}`,
      found: String(count),
    });
  }
  if (count > most) {
    throw new AppError('limit', `${what} is beyond what we read`, {
      file: reader.file,
      offset,
      expected: `at most ${most}`,
      found: String(count),
    });
  }
  return count;
}
