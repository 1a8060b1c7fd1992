/** Bits of a buffer from the highest of the first byte on; past the end they are 0. */
export interface BitReader {
  /** The next `count` bits, at most 32, as an unsigned number. */
  take(count: number): number;
  /** The next `count` bits, at most 64. */
  takeBig(count: number): bigint;
  /** Whether bits were taken that the buffer does not have. */
  isBeyondEnd(): boolean;
}

/** So many bits lie in four bytes whichever bit of the first one they begin at. */
const BITS_OF_FOUR_BYTES = 25;

export function bitReader(bytes: Uint8Array): BitReader {
  /** The byte that the next bit is in, and how many bits of it are taken. */
  let at = 0;
  let taken = 0;

  function take(count: number): number {
    if (count > BITS_OF_FOUR_BYTES) {
      const high = take(count - 16);
      // multiplied, as a shift may reach the sign
      return high * 2 ** 16 + take(16);
    }
    // a shift by 32 bits is none
    if (count === 0) return 0;
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const value = (word << taken) >>> (32 - count);
    taken += count;
    at += taken >> 3;
    taken &= 7;
    return value;
  }

  return {
    take,
    takeBig: (count) => {
      if (count <= 32) return BigInt(take(count));
      const high = BigInt(take(count - 32));
      return (high << 32n) | BigInt(take(32));
    },
    isBeyondEnd: () => at > bytes.byteLength || (at === bytes.byteLength && taken > 0),
  };
}
