// The literals section of a block: RFC 8878, section 3.1.1.3.1.
import { requireEndMark } from '#main/encodings/zstd/backward-bits.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import type { FrameSpace } from '#main/encodings/zstd/frame-space.ts';
import { readHuffmanTable } from '#main/encodings/zstd/huffman.ts';

export interface Literals {
  /** Where they lie in the kernels' memory. */
  readonly at: number;
  readonly byteLength: number;
  /** Byte of the block that follows the section. */
  readonly end: number;
  /** Bits of the longest code of the tree that later blocks may refer to. */
  readonly longest: number | undefined;
}

const RAW = 0;
const REPEATED = 1;
const TREELESS = 3;
const JUMP_TABLE_BYTES = 6;
/** What the kernel finds, by its number. */
const FAULTS = ['', 'literals beyond their bitstream', 'a bitstream longer than its literals'] as const;

interface Sizes {
  readonly headerBytes: number;
  readonly regenerated: number;
  /** Bytes that follow the header; a single one for a repeated byte. */
  readonly stored: number;
  readonly streams: 1 | 4;
}

/**
 * Unpacks the literals of a block, which lies in the space as well.
 * @param longest of the tree of an earlier block of the frame, if there is one. @param most bytes that a block may have.
 */
export function readLiterals(
  block: Uint8Array,
  space: FrameSpace,
  longest: number | undefined,
  most: number,
): Literals {
  const kind = block[0]! & 3;
  const { headerBytes, regenerated: byteLength, stored, streams } = sizesOf(block, kind);
  const end = headerBytes + stored;
  if (block.byteLength === 0 || end > block.byteLength)
    throw damaged('literals beyond the end of their block');
  if (byteLength > most) throw damaged(`${byteLength} literals in a block`);
  const { literals: at, content, bytes } = space;
  if (kind === RAW) return { at: content + headerBytes, byteLength, end, longest };
  if (kind === REPEATED) {
    bytes.fill(block[headerBytes]!, at, at + byteLength);
    return { at, byteLength, end, longest };
  }
  let begin = headerBytes;
  if (kind !== TREELESS) {
    const { table, end: treeEnd } = readHuffmanTable(block, begin, end);
    new Uint16Array(bytes.buffer, space.codes).set(table.codes);
    longest = table.longest;
    begin = treeEnd;
  }
  if (longest === undefined) throw damaged('literals that refer to a Huffman tree that is not there');
  const fault =
    streams === 1
      ? decodeOne(space, longest, block, begin, end, byteLength)
      : decodeFour(space, longest, block, begin, end, byteLength);
  if (fault !== 0) throw damaged(FAULTS[fault]!);
  return { at, byteLength, end, longest };
}

function sizesOf(block: Uint8Array, kind: number): Sizes {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = block;
  const format = (a >> 2) & 3;
  if (kind === RAW || kind === REPEATED) {
    const [headerBytes, regenerated] =
      format === 1
        ? [2, (a >> 4) | (b << 4)]
        : format === 3
          ? [3, (a >> 4) | (b << 4) | (c << 12)]
          : [1, a >> 3];
    return { headerBytes, regenerated, stored: kind === RAW ? regenerated : 1, streams: 1 };
  }
  const streams = format === 0 ? 1 : 4;
  if (format < 2) {
    return {
      headerBytes: 3,
      regenerated: (a >> 4) | ((b & 0x3f) << 4),
      stored: (b >> 6) | (c << 2),
      streams,
    };
  }
  if (format === 2) {
    return {
      headerBytes: 4,
      regenerated: (a >> 4) | (b << 4) | ((c & 3) << 12),
      stored: (c >> 2) | (d << 6),
      streams,
    };
  }
  const regenerated = (a >> 4) | (b << 4) | ((c & 0x3f) << 12);
  return { headerBytes: 5, regenerated, stored: (c >> 6) | (d << 2) | (e << 10), streams };
}

function decodeOne(
  { kernels, codes, content, literals }: FrameSpace,
  longest: number,
  block: Uint8Array,
  begin: number,
  end: number,
  byteLength: number,
): number {
  requireEndMark(block, begin, end);
  return kernels.huffmanStream(
    codes,
    longest,
    content + begin,
    content + end,
    literals,
    literals + byteLength,
  );
}

/** Four streams of equal length, but for the last: their packed lengths come first, that of the last follows from them. */
function decodeFour(
  { kernels, codes, content, literals }: FrameSpace,
  longest: number,
  block: Uint8Array,
  begin: number,
  end: number,
  byteLength: number,
): number {
  const share = (byteLength + 3) >> 2;
  const first = begin + JUMP_TABLE_BYTES;
  if (first > end || 3 * share > byteLength)
    throw damaged('literals in four streams that are too short for it');
  const lengthOf = (stream: number): number =>
    block[begin + 2 * stream]! | (block[begin + 2 * stream + 1]! << 8);
  const second = first + lengthOf(0);
  const third = second + lengthOf(1);
  const fourth = third + lengthOf(2);
  if (fourth > end) throw damaged('a stream of literals beyond its section');
  requireEndMark(block, first, second);
  requireEndMark(block, second, third);
  requireEndMark(block, third, fourth);
  requireEndMark(block, fourth, end);
  return kernels.huffmanStreams(
    codes,
    longest,
    content + first,
    content + second,
    content + third,
    content + fourth,
    content + end,
    literals,
    literals + byteLength,
    share,
  );
}
