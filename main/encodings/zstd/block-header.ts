// Headers of a frame's blocks: RFC 8878, section 3.1.1.2.
import { damaged } from '#main/encodings/zstd/damaged.ts';

export const BLOCK_HEADER_BYTES = 3;
/** No block gives more than this, whatever the window. */
export const MOST_BLOCK_BYTES = 128 * 1024;

export type BlockKind = 'raw' | 'repeated' | 'compressed';

export interface BlockHeader {
  readonly kind: BlockKind;
  readonly isLast: boolean;
  /** Bytes that follow the header. */
  readonly stored: number;
  /** Bytes that come out, where that is told. */
  readonly unpacked: number | undefined;
}

const KINDS = ['raw', 'repeated', 'compressed'] as const;

/** @param most bytes that a block of the frame may have. */
export function readBlockHeader(bytes: Uint8Array, at: number, most: number): BlockHeader {
  const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  const kind = KINDS[(header >> 1) & 3];
  const size = header >>> 3;
  if (!kind) throw damaged('a block of a kind that is reserved');
  if (size > most) throw damaged(`a block of ${size} bytes`);
  const isRepeated = kind === 'repeated';
  return {
    kind,
    isLast: (header & 1) === 1,
    stored: isRepeated ? 1 : size,
    unpacked: kind === 'compressed' ? undefined : size,
  };
}
