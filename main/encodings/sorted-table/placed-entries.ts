/** Entries of a table whose values may be longer than memory: where they are, not what they are. */
import { TABLE_BLOCK_BYTES, TABLE_KEY_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { entriesOf } from '#main/encodings/sorted-table/block.ts';
import {
  readStoredBlock,
  TRAILER_BYTES,
  UNCOMPRESSED,
  type BlockHandle,
  type SortedTable,
} from '#main/encodings/sorted-table/sorted-table.ts';
import { readVarint } from '#main/encodings/sorted-table/varint.ts';
import { AppError } from '#shared/errors.ts';

export interface PlacedEntry {
  readonly key: Uint8Array;
  /** The table's own source or, of a compressed block, what it unpacks to. */
  readonly source: ByteSource;
  /** Of the value in that source, in bytes. */
  readonly offset: number;
  readonly byteLength: number;
  readonly block: PlacedBlock;
}

export interface PlacedBlock {
  /** What the checksum is taken over, [begin, end) of the table's source. */
  readonly begin: number;
  readonly end: number;
  /** Masked CRC-32C as stated. */
  readonly expected: number;
  /** Whether it holds; undefined for a block that is not read whole. */
  readonly isIntact: boolean | undefined;
}

/** Restart count and trailer. */
const END_BYTES = 4 + TRAILER_BYTES;
/** Three lengths and a usual key. */
const ENTRY_HEAD_BYTES = 4096;

/**
 * All entries in key order.
 * @throws AppError `corrupt` where entries cannot be told apart, `limit` for a compressed block too long to unpack.
 */
export async function* placedEntries(
  table: SortedTable,
  source: ByteSource,
): AsyncGenerator<PlacedEntry, void, undefined> {
  let previous: Uint8Array | undefined;
  for (const handle of table.blocks) {
    const entries =
      handle.byteLength <= TABLE_BLOCK_BYTES ? shortBlock(source, handle) : longBlock(source, handle);
    for await (const entry of entries) {
      if (previous && Buffer.compare(previous, entry.key) >= 0) {
        throw damaged(source, handle.offset, 'keys in rising order');
      }
      previous = entry.key;
      yield entry;
    }
  }
}

async function* shortBlock(
  source: ByteSource,
  handle: BlockHandle,
): AsyncGenerator<PlacedEntry, void, undefined> {
  const { content, expected, found } = await readStoredBlock(source, handle);
  const block = placedBlock(handle, expected, found === expected);
  const of = content.isCompressed ? memorySource(content.bytes, source.name) : source;
  const base = content.isCompressed ? 0 : handle.offset;
  for (const { key, value } of entriesOf(content, source.name)) {
    const offset = base + (value.byteOffset - content.bytes.byteOffset);
    yield { key, source: of, offset, byteLength: value.byteLength, block };
  }
}

async function* longBlock(
  source: ByteSource,
  handle: BlockHandle,
): AsyncGenerator<PlacedEntry, void, undefined> {
  const { offset, byteLength } = handle;
  const tail = await source.read(offset + byteLength - 4, END_BYTES);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (tail[4] !== UNCOMPRESSED) {
    throw new AppError('limit', 'a compressed block of the table is longer than we unpack', {
      file: source.name,
      offset,
      expected: `at most ${TABLE_BLOCK_BYTES} bytes`,
      found: `${byteLength} bytes`,
    });
  }
  const block = placedBlock(handle, view.getUint32(5, true), undefined);
  const end = offset + byteLength - 4 - 4 * view.getUint32(0, true);
  if (end < offset) throw damaged(source, offset, 'room for its restart positions');
  let key: Uint8Array = new Uint8Array(0);
  for (let position = offset; position < end;) {
    const head = await source.read(position, Math.min(ENTRY_HEAD_BYTES, end - position));
    const shared = readVarint(head, 0);
    const unshared = shared && readVarint(head, shared.end);
    const valueLength = unshared && readVarint(head, unshared.end);
    if (!valueLength) throw damaged(source, position, 'three lengths');
    const suffixBegin = position + valueLength.end;
    const valueBegin = suffixBegin + unshared.value;
    if (shared.value > key.byteLength)
      throw damaged(source, position, 'a beginning shared with the key before');
    if (valueBegin + valueLength.value > end)
      throw damaged(source, position, 'an entry that ends inside its block');
    if (shared.value + unshared.value > TABLE_KEY_BYTES) throw damaged(source, position, 'a shorter key');
    const suffix = await source.read(suffixBegin, unshared.value);
    key = Uint8Array.from(Buffer.concat([key.subarray(0, shared.value), suffix]));
    yield { key, source, offset: valueBegin, byteLength: valueLength.value, block };
    position = valueBegin + valueLength.value;
  }
}

/** The checksum is taken over the block and the byte that tells its compression. */
function placedBlock(
  { offset, byteLength }: BlockHandle,
  expected: number,
  isIntact: boolean | undefined,
): PlacedBlock {
  return { begin: offset, end: offset + byteLength + 1, expected, isIntact };
}

function damaged(source: ByteSource, offset: number, expected: string): AppError {
  return new AppError('corrupt', 'a block of the table is damaged', { file: source.name, offset, expected });
}
