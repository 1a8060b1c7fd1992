import { MOST_BLOCK_BYTES } from '#main/encodings/zstd/block-header.ts';
import { unpackingSpace, type UnpackingSpace } from '#main/encodings/zstd/unpacking-module.ts';

/** What one frame needs of the kernels' memory; places are addresses of it. */
export interface FrameSpace extends UnpackingSpace {
  /** Codes of the Huffman tree: see `HuffmanTable`. */
  readonly codes: number;
  /** Tables of sequences: see `SequenceTables`. */
  readonly literalLengths: number;
  readonly offsets: number;
  readonly matchLengths: number;
  /** The latest three offsets, and how far output and literals are: five u32. */
  readonly record: number;
  /** Unpacked literals of the block. */
  readonly literals: number;
  /** The block as it is stored. */
  readonly content: number;
  /** Where what is unpacked goes. */
  readonly out: number;
}

const CODES_BYTES = 2 * 2 ** 11;
const LENGTHS_BYTES = 8 * 2 ** 9;
const OFFSETS_BYTES = 8 * 2 ** 8;
const RECORD_BYTES = 64;
/** Kernels look and write a little beyond what they are told. */
const SLACK_BYTES = 64;
const BLOCK_BYTES = MOST_BLOCK_BYTES + SLACK_BYTES;

/** @param outBytes room for what is unpacked. */
export function frameSpace(outBytes: number): FrameSpace {
  const lengths = [
    ...[CODES_BYTES, LENGTHS_BYTES, OFFSETS_BYTES, LENGTHS_BYTES, RECORD_BYTES],
    ...[BLOCK_BYTES, BLOCK_BYTES, outBytes + SLACK_BYTES],
  ];
  const space = unpackingSpace(lengths.reduce((sum, length) => sum + length, 0));
  let next = space.at;
  const [codes, literalLengths, offsets, matchLengths, record, literals, content, out] = lengths.map(
    (length) => {
      const at = next;
      next += length;
      return at;
    },
  ) as [number, number, number, number, number, number, number, number];
  return { ...space, codes, literalLengths, offsets, matchLengths, record, literals, content, out };
}
