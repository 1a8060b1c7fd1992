import { AppError } from '#shared/errors.ts';

/** A bounds-checked reader over one buffer; positions are bytes from the buffer's start. */
export interface Cursor {
  /** Position of the next byte. */
  position: number;
  readonly byteLength: number;
  /** Where the buffer starts in its file, for error messages. */
  readonly base: number;
  remaining(): number;
  skip(count: number): void;
  u8(): number;
  u16(): number;
  u32(): number;
  i32(): number;
  u64(): bigint;
  i64(): bigint;
  f32(): number;
  f64(): number;
  /** A view, not a copy. */
  bytes(count: number): Uint8Array;
  /** A u64 that must be usable as a count or offset. @throws AppError `corrupt` beyond 2^53 - 1. */
  count64(what: string): number;
}

export interface CursorOptions {
  readonly bigEndian?: boolean;
  /** Offset of the buffer in its file. */
  readonly base?: number;
  readonly file?: string;
}

/** @throws AppError `corrupt` from every method that would read beyond the end. */
export function cursorOver(buffer: Uint8Array, options: CursorOptions = {}): Cursor {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const little = options.bigEndian !== true;
  const base = options.base ?? 0;
  const fileField = options.file === undefined ? {} : { file: options.file };

  const cursor: Cursor = {
    position: 0,
    byteLength: buffer.byteLength,
    base,
    remaining: () => buffer.byteLength - cursor.position,
    skip: (count) => void take(count),
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2), little),
    u32: () => view.getUint32(take(4), little),
    i32: () => view.getInt32(take(4), little),
    u64: () => view.getBigUint64(take(8), little),
    i64: () => view.getBigInt64(take(8), little),
    f32: () => view.getFloat32(take(4), little),
    f64: () => view.getFloat64(take(8), little),
    bytes: (count) => {
      const start = take(count);
      return buffer.subarray(start, start + count);
    },
    count64: (what) => {
      const start = cursor.position;
      const value = cursor.u64();
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
        throw new AppError('corrupt', `${what} is beyond any file`, {
          ...fileField,
          offset: base + start,
          found: String(value),
        });
      }
      return Number(value);
    },
  };

  function take(count: number): number {
    const start = cursor.position;
    if (!(count >= 0) || start + count > buffer.byteLength) {
      throw new AppError('corrupt', 'the data ends in the middle of a value', {
        ...fileField,
        offset: base + start,
        expected: `${count} more bytes`,
        found: `${buffer.byteLength - start} bytes`,
      });
    }
    cursor.position = start + count;
    return start;
  }

  return cursor;
}
