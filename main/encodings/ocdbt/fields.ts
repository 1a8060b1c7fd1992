import { damaged } from '#main/encodings/ocdbt/damaged.ts';
import type { EnvelopePlace } from '#main/encodings/ocdbt/envelope.ts';

/** Reads the columns that manifests and nodes consist of, one after the other. Every method throws AppError `corrupt` beyond the end. */
export interface Fields {
  u8(): number;
  /** A varint of at most 64 bits; one beyond 2^53 is rounded, and no count or place in a file. */
  count(): number;
  counts(length: number): number[];
  /** A view, not a copy. */
  bytes(length: number): Uint8Array;
  skip(length: number): void;
  /** All that is left. */
  rest(): Uint8Array;
  /** Nothing may be left. */
  end(): void;
  fault(message: string, found?: string): Error;
}

/** Ten groups of seven bits hold 64. */
const MOST_VARINT_BYTES = 10;

export function fieldsOver(bytes: Uint8Array, { what, file, offset }: EnvelopePlace): Fields {
  let position = 0;

  const fault = (message: string, found?: string): Error =>
    damaged(`${what} ${message}`, file, offset, found);

  function take(length: number): number {
    const begin = position;
    if (!(length <= bytes.byteLength - begin)) throw fault('ends in the middle of a value');
    position += length;
    return begin;
  }

  function count(): number {
    let value = 0;
    for (let group = 0; group < MOST_VARINT_BYTES; group++) {
      const byte = bytes[take(1)]!;
      value += (byte & 0x7f) * 2 ** (7 * group);
      if (byte < 0x80) return value;
    }
    throw fault('has a number of more than 64 bits');
  }

  return {
    u8: () => bytes[take(1)]!,
    count,
    counts: (length) => {
      // each takes a byte at least
      if (!(length <= bytes.byteLength - position))
        throw fault('has more entries than room for them', String(length));
      return Array.from({ length }, count);
    },
    bytes: (length) => {
      const begin = take(length);
      return bytes.subarray(begin, begin + length);
    },
    skip: (length) => void take(length),
    rest: () => bytes.subarray(take(bytes.byteLength - position)),
    end: () => {
      if (position < bytes.byteLength)
        throw fault('has bytes behind its end', `${bytes.byteLength - position} bytes`);
    },
    fault,
  };
}
