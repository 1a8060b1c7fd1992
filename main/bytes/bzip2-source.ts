// bzip2 streams read by position: blocks are packed each on their own, so that only those are unpacked that are asked for.
import { BZIP2_BLOCKS } from '#main/bytes/limits.ts';
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import {
  bzip2Blocks,
  MOST_PACKED_BYTES,
  MOST_UNPACKED_BYTES,
  readBlock,
  type Bzip2Block,
  type ReadPacked,
} from '#main/encodings/bzip2/bzip2.ts';
import { AppError, isAppError, throwIfCancelled } from '#shared/errors.ts';

/** Where the blocks of a file are, packed and unpacked. */
export interface Bzip2Blocks {
  /** For each block, where it begins, in bits of the file. */
  readonly bitOffsets: Float64Array;
  /** For each block, where its bytes end in what comes out. */
  readonly ends: Float64Array;
}

/** A checksum over bytes [begin, end) of what comes out. */
export interface RecordedChecksum {
  readonly begin: number;
  readonly end: number;
  readonly expected: number;
}

export interface IndexedBzip2 extends Bzip2Blocks {
  /** As each block records them; unpacking it compares them. */
  readonly checksums: readonly RecordedChecksum[];
}

/**
 * Unpacks all streams of a file once to find its blocks, keeping nothing and comparing no block's checksum.
 * @param most bytes that the caller is ready to pass over.
 * @throws AppError `corrupt` for damaged streams, `unsupported`, `limit` for those that unpack to more.
 */
export async function indexBzip2(of: ByteSource, most: number): Promise<IndexedBzip2> {
  const bitOffsets: number[] = [];
  const checksums: RecordedChecksum[] = [];
  let byteLength = 0;
  let block: Bzip2Block | undefined;
  const read: ReadPacked = (offset, length) => of.read(offset, length);
  try {
    // one block's worth beyond, to tell what is long from what is damaged
    for await (block of bzip2Blocks(read, of.byteLength, most + MOST_UNPACKED_BYTES)) {
      if (bitOffsets.length === BZIP2_BLOCKS) throw tooMuch(`${BZIP2_BLOCKS} blocks`);
      bitOffsets.push(block.bitOffset);
      const begin = byteLength;
      byteLength += block.bytes.byteLength;
      if (byteLength > most) throw tooMuch(`${most} bytes`);
      checksums.push({ begin, end: byteLength, expected: block.checksum });
    }
  } catch (error) {
    const offset = Math.floor((block?.bitOffset ?? 0) / 8);
    throw isAppError(error) ? error.with({ file: of.name, offset }) : error;
  }
  const ends = Float64Array.from(checksums, ({ end }) => end);
  return { bitOffsets: Float64Array.from(bitOffsets), ends, checksums };
}

/** The first block of a file; nothing where it is damaged. */
export async function unpackFirstBlock(of: ByteSource): Promise<Uint8Array> {
  const read: ReadPacked = (offset, length) => of.read(offset, length);
  try {
    for await (const { bytes } of bzip2Blocks(read, of.byteLength, MOST_UNPACKED_BYTES)) return bytes;
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
  }
  return new Uint8Array(0);
}

function tooMuch(expected: string): AppError {
  return new AppError('limit', 'the compressed data unpack to more than we pass over', {
    expected: `at most ${expected}`,
  });
}

/**
 * What a file of bzip2 streams unpacks to. The block that was read last is kept; closing leaves `of` open.
 * @throws AppError `corrupt` from `read` for a block that is damaged or misses its checksum.
 */
export function bzip2Source(of: ByteSource, { bitOffsets, ends }: Bzip2Blocks): ByteSource {
  const byteLength = ends.at(-1) ?? 0;
  let kept: { readonly index: number; readonly bytes: Promise<Uint8Array> } | undefined;

  const begin = (index: number): number => (index === 0 ? 0 : ends[index - 1]!);

  async function unpack(index: number): Promise<Uint8Array> {
    const bit = bitOffsets[index]!;
    const from = Math.floor(bit / 8);
    const next = bitOffsets[index + 1];
    const packedEnd = next === undefined ? of.byteLength : Math.ceil(next / 8);
    const packed = await of.read(from, Math.min(packedEnd - from, MOST_PACKED_BYTES));
    try {
      const bytes = readBlock(packed, bit - 8 * from, ends[index]! - begin(index));
      if (bytes.byteLength === ends[index]! - begin(index)) return bytes;
    } catch (error) {
      throw isAppError(error) ? error.with({ file: of.name, offset: from }) : error;
    }
    throw new AppError('io', 'the file changed since it was opened', {
      file: of.name,
      hint: 'open it again',
    });
  }

  function block(index: number): Promise<Uint8Array> {
    if (kept?.index !== index) kept = { index, bytes: unpack(index) };
    return kept.bytes;
  }

  return {
    name: of.name,
    byteLength,
    description: { kind: 'bzip2', of: of.description, bitOffsets, ends, byteLength },
    read: async (offset, length, signal) => {
      checkRange(of.name, byteLength, offset, length);
      const out = new Uint8Array(length);
      for (let index = firstEndBehind(ends, offset), done = 0; done < length; index++) {
        throwIfCancelled(signal);
        const from = offset + done - begin(index);
        const part = (await block(index)).subarray(from, from + length - done);
        out.set(part, done);
        done += part.byteLength;
      }
      return out;
    },
    close: async () => {
      kept = undefined;
    },
  };
}

/** Index of the first end that lies behind a position. */
function firstEndBehind(ends: Float64Array, position: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
