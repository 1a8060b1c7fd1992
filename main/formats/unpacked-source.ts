import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** Where elements below a byte are packed, the first one in the low bits. */
export interface PackedElements {
  readonly dtype: string;
  /** Bytes into the source. */
  readonly offset: number;
  /** Elements. */
  readonly count: number;
}

/**
 * Elements of 1, 2 or 4 bits as bytes of their own, signed ones with their sign. Only for readers: it has no description of its own.
 * Closing leaves the other source open.
 */
export function unpackedSource(of: ByteSource, { dtype, offset, count }: PackedElements): ByteSource {
  const { bits, kind } = dtypeInfo(dtype);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const isSigned = kind === 'signed';
  return {
    name: of.name,
    byteLength: count,
    description: of.description,
    read: async (start, length, signal) => {
      checkRange(of.name, count, start, length);
      const first = Math.floor(start / perByte);
      const end = Math.ceil((start + length) / perByte);
      const packed = await of.read(offset + first, end - first, signal);
      const codes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        const position = start + i - first * perByte;
        const code = (packed[Math.floor(position / perByte)]! >> ((position % perByte) * bits)) & mask;
        codes[i] = isSigned && code > mask >> 1 ? code - mask - 1 : code;
      }
      return codes;
    },
    close: async () => {},
  };
}
