import { damaged } from '#main/encodings/zstd/damaged.ts';

/** A bitstream that is read from its end: RFC 8878, section 4.1. */
export interface BackwardBits {
  /** Takes up to 25 bits; those beyond the beginning are zeros. */
  take(count: number): number;
  /** Bits that are left; below zero once more were taken than there are. */
  left(): number;
}

/** @throws AppError `corrupt` unless bytes [begin, end) end in one that has a bit: the highest marks where the stream ends. */
export function requireEndMark(bytes: Uint8Array, begin: number, end: number): void {
  if (end <= begin || bytes[end - 1] === 0) throw damaged('a bitstream without an end mark');
}

/** Bytes beyond the end of the stream may be looked at, never used. */
export function backwardBits(bytes: Uint8Array, begin: number, end: number): BackwardBits {
  requireEndMark(bytes, begin, end);
  let position = 8 * (end - begin - 1) + 31 - Math.clz32(bytes[end - 1]!);

  function take(count: number): number {
    position -= count;
    if (position < 0) {
      const rest = position + count;
      return rest <= 0 ? 0 : (look(0) & ((1 << rest) - 1)) << -position;
    }
    return look(position) & ((1 << count) - 1);
  }

  /** At least 25 bits from a position on. */
  function look(at: number): number {
    const byte = begin + (at >>> 3);
    const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    return word >>> (at & 7);
  }

  return { take, left: () => position };
}
