import { PICKLE_LINE_BYTES, PICKLE_WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { decodeUtf8 } from '#main/encodings/pickle/literals.ts';
import { AppError } from '#shared/errors.ts';

const NEWLINE = 0x0a;

/**
 * A source seen through a window that moves onwards. Readers of fixed width need `await fill(width)` where `holds(width)` is false;
 * skipping over bytes that nobody wants to see does not read them.
 */
export interface PickleStream {
  /** Offset in the source of the next byte. */
  readonly position: number;
  /** Where the source ends. */
  readonly end: number;
  readonly file: string;
  /** Whether the next `count` bytes can be had without waiting; also true when they would lie beyond the end. */
  holds(count: number): boolean;
  /** Makes `holds(count)` true. */
  fill(count: number): Promise<void>;
  u8(): number;
  u16(): number;
  u32(): number;
  i32(): number;
  f64(): number;
  u64(): bigint;
  /** A view into the window, valid until the next `fill`. */
  bytes(count: number): Uint8Array;
  /** The next `count` bytes as UTF-8, lone surrogates allowed. */
  text(count: number): string;
  /** Up to the next newline, which is passed over. A view. */
  line(): Promise<Uint8Array>;
  /** @throws AppError `corrupt` as all readers do, when that leads beyond the end. */
  skip(count: number): void;
}

export function pickleStream(source: ByteSource, begin: number): PickleStream {
  const end = source.byteLength;
  let window: Uint8Array = new Uint8Array(0);
  let view = new DataView(window.buffer, window.byteOffset, window.byteLength);
  let buffer = Buffer.from(window.buffer);
  let windowBegin = begin;
  let windowEnd = begin;
  let position = begin;

  function take(count: number): number {
    const start = position;
    if (start + count > end) {
      throw new AppError('corrupt', 'the pickle ends in the middle of a value', {
        file: source.name,
        offset: start,
        expected: `${count} more bytes`,
        found: `${end - start} bytes`,
        hint: 'the file is cut short or damaged; fetch or save it again',
      });
    }
    position = start + count;
    return start - windowBegin;
  }

  async function fill(count: number): Promise<void> {
    if (holds(count)) return;
    const length = Math.min(Math.max(count, PICKLE_WINDOW_BYTES), end - position);
    window = await source.read(position, length);
    view = new DataView(window.buffer, window.byteOffset, window.byteLength);
    buffer = Buffer.from(window.buffer, window.byteOffset, window.byteLength);
    windowBegin = position;
    windowEnd = position + length;
  }

  function holds(count: number): boolean {
    return position + count <= windowEnd
      ? position >= windowBegin
      : windowEnd === end && position >= windowBegin;
  }

  return {
    get position() {
      return position;
    },
    end,
    file: source.name,
    holds,
    fill,
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    i32: () => view.getInt32(take(4), true),
    f64: () => view.getFloat64(take(8), false),
    u64: () => view.getBigUint64(take(8), true),
    bytes: (count) => {
      const start = take(count);
      return window.subarray(start, start + count);
    },
    text: (count) => {
      const start = take(count);
      const text = buffer.toString('utf8', start, start + count);
      return text.includes('\ufffd') ? decodeUtf8(window.subarray(start, start + count)) : text;
    },
    line: async () => {
      for (let wanted = PICKLE_WINDOW_BYTES; ; wanted *= 2) {
        const found = window.indexOf(NEWLINE, position - windowBegin);
        if (found >= 0 && position >= windowBegin) {
          const start = take(found + 1 - (position - windowBegin));
          return window.subarray(start, found);
        }
        // without a newline up to the end this says where the line begins
        if (position + wanted >= end && holds(end - position)) take(end - position + 1);
        if (wanted > 2 * PICKLE_LINE_BYTES) {
          throw new AppError('limit', 'a line of the pickle is longer than we read', {
            file: source.name,
            offset: position,
            expected: `at most ${PICKLE_LINE_BYTES} bytes`,
          });
        }
        await fill(Math.min(wanted, end - position));
      }
    },
    skip: (count) => void take(count),
  };
}
