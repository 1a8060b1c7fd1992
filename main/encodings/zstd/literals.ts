// The literals section of a block: RFC 8878, section 3.1.1.3.1.
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { decodeHuffman, readHuffmanTable, type HuffmanTable } from '#main/encodings/zstd/huffman.ts';

export interface Literals {
  /** A view or a buffer of its own. */
  readonly bytes: Uint8Array;
  /** Byte of the block that follows the section. */
  readonly end: number;
  /** The tree that later blocks may refer to. */
  readonly tree: HuffmanTable | undefined;
}

const RAW = 0;
const REPEATED = 1;
const TREELESS = 3;
const JUMP_TABLE_BYTES = 6;

interface Sizes {
  readonly headerBytes: number;
  readonly regenerated: number;
  /** Bytes that follow the header; a single one for a repeated byte. */
  readonly stored: number;
  readonly streams: 1 | 4;
}

/** @param tree of an earlier block of the frame. @param most bytes that a block may have. */
export function readLiterals(block: Uint8Array, tree: HuffmanTable | undefined, most: number): Literals {
  const kind = block[0]! & 3;
  const { headerBytes, regenerated, stored, streams } = sizesOf(block, kind);
  const end = headerBytes + stored;
  if (block.byteLength === 0 || end > block.byteLength)
    throw damaged('literals beyond the end of their block');
  if (regenerated > most) throw damaged(`${regenerated} literals in a block`);
  if (kind === RAW) return { bytes: block.subarray(headerBytes, end), end, tree };
  if (kind === REPEATED) return { bytes: new Uint8Array(regenerated).fill(block[headerBytes]!), end, tree };
  const read = kind === TREELESS ? undefined : readHuffmanTable(block, headerBytes, end);
  const used = read?.table ?? tree;
  if (!used) throw damaged('literals that refer to a Huffman tree that is not there');
  const bytes = new Uint8Array(regenerated);
  const begin = read?.end ?? headerBytes;
  if (streams === 1) decodeHuffman(used, block, begin, end, bytes);
  else decodeFour(used, block, begin, end, bytes);
  return { bytes, end, tree: used };
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

/** Four streams of equal length, but for the last: their packed lengths come first, that of the last follows from them. */
function decodeFour(
  tree: HuffmanTable,
  block: Uint8Array,
  begin: number,
  end: number,
  out: Uint8Array,
): void {
  const share = (out.byteLength + 3) >> 2;
  let from = begin + JUMP_TABLE_BYTES;
  if (from > end || 3 * share > out.byteLength)
    throw damaged('literals in four streams that are too short for it');
  for (let stream = 0; stream < 4; stream++) {
    const at = begin + 2 * stream;
    const to = stream === 3 ? end : from + (block[at]! | (block[at + 1]! << 8));
    if (to > end) throw damaged('a stream of literals beyond its section');
    const last = stream === 3 ? out.byteLength : (stream + 1) * share;
    decodeHuffman(tree, block, from, to, out.subarray(stream * share, last));
    from = to;
  }
}
