import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** Where elements below a byte are packed, the first one in the low bits; those whose bits divide no byte go on in the next one. */
export interface PackedElements {
  readonly dtype: string;
  /** Bytes into the source. */
  readonly offset: number;
  /** Elements. */
  readonly count: number;
}

/**
 * Elements of less than 8 bits as bytes of their own, signed ones with their sign. Only for readers: it has no description of its own.
 * Closing leaves the other source open.
 */
export function unpackedSource(of: ByteSource, { dtype, offset, count }: PackedElements): ByteSource {
  const { bits, kind } = dtypeInfo(dtype);
  const mask = 2 ** bits - 1;
  const isSigned = kind === 'signed';
  return {
    name: of.name,
    byteLength: count,
    description: of.description,
    read: async (start, length, signal) => {
      checkRange(of.name, count, start, length);
      const first = Math.floor((start * bits) / 8);
      const end = Math.ceil(((start + length) * bits) / 8);
      const packed = await of.read(offset + first, end - first, signal);
      const codes = new Uint8Array(length);
      let bit = start * bits - first * 8;
      for (let i = 0; i < length; i++, bit += bits) {
        const at = bit >>> 3;
        const code = ((packed[at]! | ((packed[at + 1] ?? 0) << 8)) >> (bit & 7)) & mask;
        codes[i] = isSigned && code > mask >> 1 ? code - mask - 1 : code;
      }
      return codes;
    },
    close: async () => {},
  };
}
