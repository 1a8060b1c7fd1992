/** Bits of a buffer from the highest of the first byte on; past the end they are 0. */
export interface BitReader {
  /** The next `count` bits, at most 32, as an unsigned number. */
  take(count: number): number;
  /** The next `count` bits, at most 64. */
  takeBig(count: number): bigint;
  /** Whether bits were taken that the buffer does not have. */
  isBeyondEnd(): boolean;
}

export function bitReader(bytes: Uint8Array): BitReader {
  let index = 0;
  let bitsLeft = 8;

  function take(count: number): number {
    let value = 0;
    let wanted = count;
    while (wanted > 0) {
      const now = Math.min(bitsLeft, wanted);
      bitsLeft -= now;
      // multiplied, as a shift by 32 bits is none
      value = value * 2 ** now + (((bytes[index] ?? 0) >> bitsLeft) & ((1 << now) - 1));
      wanted -= now;
      if (bitsLeft === 0) {
        index++;
        bitsLeft = 8;
      }
    }
    return value;
  }

  return {
    take,
    takeBig: (count) => {
      if (count <= 32) return BigInt(take(count));
      const high = BigInt(take(count - 32));
      return (high << 32n) | BigInt(take(32));
    },
    isBeyondEnd: () => index > bytes.byteLength || (index === bytes.byteLength && bitsLeft < 8),
  };
}
