// bzip2: https://sourceware.org/bzip2/ , version 1.0.8; the format as its decompress.c reads it.
import { unpackBlock } from '#main/encodings/bzip2/block.ts';
import { addToStreamChecksum, blockChecksum } from '#main/encodings/bzip2/block-checksum.ts';
import { damaged } from '#main/encodings/bzip2/damaged.ts';
import { forwardBits, type ForwardBits } from '#main/encodings/bzip2/forward-bits.ts';
import { isAppError } from '#shared/errors.ts';

/** Where packed bytes are, for messages. */
export interface Bzip2Place {
  readonly file: string;
  readonly offset: number;
}

/** A block of a stream, unpacked; its checksum has not been compared yet. */
export interface Bzip2Block {
  /** Where it begins, in bits of the packed bytes. */
  readonly bitOffset: number;
  /** As recorded. */
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

/** Reads packed bytes. */
export type ReadPacked = (offset: number, length: number) => Promise<Uint8Array>;

const HEADER_BYTES = 4;
/** Blocks come in nine sizes, multiples of this. */
const BLOCK_STEP_BYTES = 100_000;
export const MOST_BLOCK_BYTES = 9 * BLOCK_STEP_BYTES;
/** Of a block: twenty bits a byte at worst, the tables, and what groups of symbols are in. */
export const MOST_PACKED_BYTES = (MOST_BLOCK_BYTES * 20) / 8 + 64 * 1024;
/** Of a block whose every fifth byte says that there are 255 more of the four before it. */
export const MOST_UNPACKED_BYTES = (MOST_BLOCK_BYTES / 5) * (4 + 255);

/** The digits of π, and of its root. */
const BLOCK_MARK = 0x314159265359;
const END_MARK = 0x177245385090;

/** Whether a file begins with a stream: its header and the mark of a block or of its end. */
export function beginsBzip2(head: Uint8Array): boolean {
  if (head.byteLength < HEADER_BYTES + 6 || blockBytesOf(head) === undefined) return false;
  const mark = takeLong(forwardBits(head, 8 * HEADER_BYTES), 48);
  return mark === BLOCK_MARK || mark === END_MARK;
}

/**
 * Unpacks whole streams, one after the other, and holds each block to its checksum.
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for damaged data and for more bytes than that, `unsupported`.
 */
export async function unpackBzip2(packed: Uint8Array, most: number, place: Bzip2Place): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let byteLength = 0;
  const read: ReadPacked = (offset, length) => Promise.resolve(packed.subarray(offset, offset + length));
  try {
    for await (const block of bzip2Blocks(read, packed.byteLength, most)) {
      checkBlock(block);
      blocks.push(block.bytes);
      byteLength += block.bytes.byteLength;
    }
  } catch (error) {
    throw isAppError(error) ? error.with(place) : error;
  }
  const out = new Uint8Array(byteLength);
  let at = 0;
  for (const block of blocks) {
    out.set(block, at);
    at += block.byteLength;
  }
  return out;
}

/**
 * The blocks of all streams in order; each stream's checksum is held against those that its blocks record.
 * @param byteLength of the packed bytes.
 * @param most bytes that may come out of all of them.
 * @throws AppError `corrupt` for damaged data and for more bytes than that, `unsupported`.
 */
export async function* bzip2Blocks(
  read: ReadPacked,
  byteLength: number,
  most: number,
): AsyncGenerator<Bzip2Block, void, undefined> {
  let bit = 0;
  let left = most;
  while (bit < 8 * byteLength) {
    const header = await read(bit / 8, Math.min(HEADER_BYTES, byteLength - bit / 8));
    const blockBytes = blockBytesOf(header);
    if (blockBytes === undefined) throw damaged('bytes where a stream should begin');
    bit += 8 * HEADER_BYTES;
    let checksum = 0;
    for (;;) {
      const from = Math.floor(bit / 8);
      const bits = forwardBits(
        await read(from, Math.min(MOST_PACKED_BYTES, byteLength - from)),
        bit - 8 * from,
      );
      const mark = takeMark(bits);
      if (mark.kind === 'end') {
        if (mark.checksum !== checksum) throw damaged('a stream that misses its checksum');
        bit = 8 * (from + Math.ceil(bits.position() / 8));
        break;
      }
      const bytes = unpackBlock(bits, blockBytes, left);
      left -= bytes.byteLength;
      yield { bitOffset: bit, checksum: mark.checksum, bytes };
      checksum = addToStreamChecksum(checksum, mark.checksum);
      bit = 8 * from + bits.position();
    }
  }
}

/**
 * Unpacks the block that begins at a bit of `packed` and holds it to its checksum.
 * @throws AppError `corrupt`, `unsupported`.
 */
export function readBlock(packed: Uint8Array, bitOffset: number, most: number): Uint8Array {
  const bits = forwardBits(packed, bitOffset);
  const mark = takeMark(bits);
  if (mark.kind === 'end') throw damaged('the end of a stream where a block should begin');
  const bytes = unpackBlock(bits, MOST_BLOCK_BYTES, most);
  checkBlock({ bytes, checksum: mark.checksum });
  return bytes;
}

function checkBlock({ bytes, checksum }: Pick<Bzip2Block, 'bytes' | 'checksum'>): void {
  if (blockChecksum(bytes) !== checksum) throw damaged('a block that misses its checksum');
}

function blockBytesOf([b, z, h, level = 0]: Uint8Array): number | undefined {
  const isHeader = b === 0x42 && z === 0x5a && h === 0x68 && level >= 0x31 && level <= 0x39;
  return isHeader ? (level - 0x30) * BLOCK_STEP_BYTES : undefined;
}

function takeMark(bits: ForwardBits): { readonly kind: 'block' | 'end'; readonly checksum: number } {
  const mark = takeLong(bits, 48);
  const checksum = takeLong(bits, 32);
  if (bits.isBeyondEnd()) throw damaged('data that end too soon');
  if (mark !== BLOCK_MARK && mark !== END_MARK) throw damaged('no block where one should begin');
  return { kind: mark === BLOCK_MARK ? 'block' : 'end', checksum };
}

/** More bits than can be looked at in one step, sixteen at a time. */
function takeLong(bits: ForwardBits, count: number): number {
  let value = 0;
  for (let taken = 0; taken < count; taken += 16) value = value * 0x10000 + bits.take(16);
  return value;
}
