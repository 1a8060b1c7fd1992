// Blocks of a frame: RFC 8878, sections 3.1.1.2 and 3.1.1.5.
import { damaged } from '#main/encodings/zstd/damaged.ts';
import type { HuffmanTable } from '#main/encodings/zstd/huffman.ts';
import { readLiterals } from '#main/encodings/zstd/literals.ts';
import { readSequences, type SequenceTables } from '#main/encodings/zstd/sequences.ts';

export const BLOCK_HEADER_BYTES = 3;
/** No block gives more than this, whatever the window. */
export const MOST_BLOCK_BYTES = 128 * 1024;

/** What blocks of one frame hand on to each other. */
export interface FrameState {
  tree: HuffmanTable | undefined;
  readonly tables: SequenceTables;
  /** The latest offsets, newest first. */
  readonly offsets: [number, number, number];
}

/** Where unpacked bytes go, behind those that copies may reach back to. */
export interface Output {
  bytes: Uint8Array;
  /** Where the next byte goes. */
  position: number;
  /** The first byte that a copy may take. */
  start: number;
}

export type BlockKind = 'raw' | 'repeated' | 'compressed';

export interface BlockHeader {
  readonly kind: BlockKind;
  readonly isLast: boolean;
  /** Bytes that follow the header. */
  readonly stored: number;
  /** Bytes that come out, where that is told. */
  readonly unpacked: number | undefined;
}

/** Bytes that are copied one by one: calls cost more. */
const SHORT_COPY = 48;

const KINDS = ['raw', 'repeated', 'compressed'] as const;

export function newFrameState(): FrameState {
  return {
    tree: undefined,
    tables: { literalLengths: undefined, offsets: undefined, matchLengths: undefined },
    offsets: [1, 4, 8],
  };
}

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

/**
 * Unpacks one block. There must be room for `most` bytes, or for as many as may come out at all.
 * @param content of the block, exactly.
 */
export function unpackBlock(
  { kind, unpacked }: BlockHeader,
  content: Uint8Array,
  state: FrameState,
  out: Output,
  most: number,
): void {
  if (kind === 'compressed') return unpackCompressed(content, state, out, most);
  const size = unpacked!;
  if (out.position + size > out.bytes.byteLength) throw damaged('more bytes than were promised');
  if (kind === 'raw') out.bytes.set(content, out.position);
  else out.bytes.fill(content[0]!, out.position, out.position + size);
  out.position += size;
}

function unpackCompressed(content: Uint8Array, state: FrameState, out: Output, most: number): void {
  const { bytes: literals, end, tree } = readLiterals(content, state.tree, most);
  state.tree = tree;
  const { bytes, start } = out;
  const limit = Math.min(bytes.byteLength, out.position + most);
  let position = out.position;
  let used = 0;
  readSequences(content, end, state.tables, (literalLength, offsetValue, matchLength) => {
    if (used + literalLength > literals.byteLength) throw damaged('more literals than there are');
    if (position + literalLength + matchLength > limit) throw damaged('more bytes than were promised');
    if (literalLength > SHORT_COPY) bytes.set(literals.subarray(used, used + literalLength), position);
    else for (let at = 0; at < literalLength; at++) bytes[position + at] = literals[used + at]!;
    used += literalLength;
    position += literalLength;
    const offset = nextOffset(state.offsets, offsetValue, literalLength);
    if (offset > position - start) throw damaged('a copy from before the beginning');
    if (offset >= matchLength && matchLength > SHORT_COPY)
      bytes.copyWithin(position, position - offset, position - offset + matchLength);
    // byte by byte: a copy may reach into what it has just written
    else for (let at = position; at < position + matchLength; at++) bytes[at] = bytes[at - offset]!;
    position += matchLength;
  });
  const rest = literals.subarray(used);
  if (position + rest.byteLength > limit) throw damaged('more bytes than were promised');
  bytes.set(rest, position);
  out.position = position + rest.byteLength;
}

/** The offset that a value stands for: three values mean the latest ones, shifted by one where no literals come first. */
function nextOffset(offsets: [number, number, number], value: number, literalLength: number): number {
  const [first, second, third] = offsets;
  if (value > 3) {
    offsets[2] = second;
    offsets[1] = first;
    offsets[0] = value - 3;
    return value - 3;
  }
  const index = value - 1 + (literalLength === 0 ? 1 : 0);
  if (index === 0) return first;
  const offset = index === 1 ? second : index === 2 ? third : first - 1;
  if (offset === 0) throw damaged('an offset of 0');
  if (index > 1) offsets[2] = second;
  offsets[1] = first;
  offsets[0] = offset;
  return offset;
}
