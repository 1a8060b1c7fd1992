/** A bitstream read from the highest bit of the first byte on; what lies beyond its end is zeros. */
export interface ForwardBits {
  /** The next `LOOK_BITS` bits, left where they are. */
  look(): number;
  skip(count: number): void;
  /** Takes up to `LOOK_BITS` bits. */
  take(count: number): number;
  /** Bits from the beginning of the buffer. */
  position(): number;
  /** Whether bits were taken that are not there. */
  isBeyondEnd(): boolean;
}

/** Four bytes hold so many from any bit of the first one on. */
export const LOOK_BITS = 25;

/** @param begin bits into the buffer. */
export function forwardBits(bytes: Uint8Array, begin: number): ForwardBits {
  const last = bytes.byteLength - 1;
  let position = begin;

  function look(): number {
    const at = position >>> 3;
    if (at + 3 > last) return lookAtEnd(at);
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    return (word << (position & 7)) >>> (32 - LOOK_BITS);
  }

  function lookAtEnd(at: number): number {
    let word = 0;
    for (let byte = at; byte < at + 4; byte++) word = (word << 8) | (byte <= last ? bytes[byte]! : 0);
    return (word << (position & 7)) >>> (32 - LOOK_BITS);
  }

  return {
    look,
    skip: (count) => {
      position += count;
    },
    take: (count) => {
      const value = look() >>> (LOOK_BITS - count);
      position += count;
      return value;
    },
    position: () => position,
    isBeyondEnd: () => position > 8 * bytes.byteLength,
  };
}
