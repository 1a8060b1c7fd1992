import { damaged } from '#main/encodings/zstd/damaged.ts';

/** A bitstream that is read from its end: RFC 8878, section 4.1. */
export interface BackwardBits {
  /** Takes up to 32 bits; those beyond the beginning are zeros. */
  take(count: number): number;
  /** Bits that are left; below zero once more were taken than there are. */
  left(): number;
}

/** A byte at a time needs no more than so many bits of four bytes. */
const BITS_OF_FOUR_BYTES = 25;

/** Bits in bytes [begin, end): the highest bit that is set in the last one marks where they end. */
export function bitCount(bytes: Uint8Array, begin: number, end: number): number {
  const last = end > begin ? bytes[end - 1]! : 0;
  if (last === 0) throw damaged('a bitstream without an end mark');
  return 8 * (end - begin - 1) + 31 - Math.clz32(last);
}

/** Bytes beyond the end of the stream may be looked at, never used. */
export function backwardBits(bytes: Uint8Array, begin: number, end: number): BackwardBits {
  let position = bitCount(bytes, begin, end);

  function take(count: number): number {
    if (count > BITS_OF_FOUR_BYTES) {
      const high = take(count - 16);
      return high * 0x10000 + take(16);
    }
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
