// LevelDB sorted tables, as TensorFlow writes them: google/leveldb doc/table_format.md, tensorflow/core/lib/io/format.cc.
import { crc32c, maskCrc32c } from '#main/bytes/crc32c.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { unpackSnappy } from '#main/encodings/snappy/snappy.ts';
import { entriesOf, type BlockContent, type TableEntry } from '#main/encodings/sorted-table/block.ts';
import { readVarint } from '#main/encodings/sorted-table/varint.ts';
import { AppError } from '#shared/errors.ts';

export type { TableEntry } from '#main/encodings/sorted-table/block.ts';

const TABLE_MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb] as const;

const FOOTER_BYTES = 48;
/** Compression and masked CRC-32C behind each block. */
export const TRAILER_BYTES = 5;
export const UNCOMPRESSED = 0;
const SNAPPY = 1;

/** A block's place: bytes of the source, without its trailer. */
export interface BlockHandle {
  readonly offset: number;
  readonly byteLength: number;
}

export interface SortedTable {
  /** Data blocks in key order. */
  readonly blocks: readonly BlockHandle[];
  readonly indexBlock: BlockHandle;
  /** Where the footer begins. */
  readonly footer: number;
  /** All entries in key order, a block at a time. @throws AppError `corrupt` at the first that is damaged. */
  entries(): AsyncGenerator<TableEntry, void, undefined>;
}

/** Whether the last bytes of a file are those of a table. */
export function endsLikeTable(tail: Uint8Array): boolean {
  const end = tail.subarray(-TABLE_MAGIC.length);
  return tail.byteLength >= FOOTER_BYTES && TABLE_MAGIC.every((byte, index) => end[index] === byte);
}

/**
 * Reads footer and index.
 * @throws AppError `corrupt` where they, or a checksum, are damaged.
 */
export async function openTable(source: ByteSource): Promise<SortedTable> {
  const footer = source.byteLength - FOOTER_BYTES;
  if (footer < 0) throw damaged(source, 0, `a footer of ${FOOTER_BYTES} bytes`);
  const tail = await source.read(footer, FOOTER_BYTES);
  if (!endsLikeTable(tail)) throw damaged(source, footer + 40, 'the magic number of a table');
  // the meta index comes first; it holds filters, which we have no use for
  const metaOffset = readVarint(tail, 0);
  const metaLength = metaOffset && readVarint(tail, metaOffset.end);
  const indexHandle = metaLength && handleIn(tail, metaLength.end);
  if (!indexHandle) throw damaged(source, footer, 'the places of two blocks');
  const indexBlock = requireInside(indexHandle, footer, source, footer);

  const blocks: BlockHandle[] = [];
  for (const { value, offset } of entriesOf(await readBlock(source, indexBlock), source.name)) {
    const handle = handleIn(value, 0);
    if (!handle) throw damaged(source, offset, 'the place of a block');
    blocks.push(requireInside(handle, footer, source, offset));
  }
  return {
    blocks,
    indexBlock,
    footer,
    async *entries() {
      let previous: Uint8Array | undefined;
      for (const block of blocks) {
        for (const entry of entriesOf(await readBlock(source, block), source.name)) {
          if (previous && Buffer.compare(previous, entry.key) >= 0) {
            throw damaged(source, entry.offset, 'keys in rising order');
          }
          previous = entry.key;
          yield entry;
        }
      }
    },
  };
}

async function readBlock(source: ByteSource, handle: BlockHandle): Promise<BlockContent> {
  const { content, expected, found } = await readStoredBlock(source, handle);
  if (found === expected) return content;
  throw new AppError('corrupt', 'a block of the table does not match its checksum', {
    file: source.name,
    offset: handle.offset,
    expected: `0x${expected.toString(16)}`,
    found: `0x${found.toString(16)}`,
    hint: 'the file is damaged; fetch or save it again',
  });
}

/** A block unpacked, and its masked CRC-32C as stated and as it is. @throws AppError `corrupt`, `unsupported`. */
export async function readStoredBlock(
  source: ByteSource,
  { offset, byteLength }: BlockHandle,
): Promise<{ readonly content: BlockContent; readonly expected: number; readonly found: number }> {
  const stored = await source.read(offset, byteLength + TRAILER_BYTES);
  const kind = stored[byteLength]!;
  const expected = new DataView(stored.buffer, stored.byteOffset).getUint32(byteLength + 1, true);
  const found = maskCrc32c(crc32c(stored.subarray(0, byteLength + 1)));
  const content = unpackBlock(stored.subarray(0, byteLength), kind, offset, source);
  return { content, expected, found };
}

function unpackBlock(bytes: Uint8Array, kind: number, offset: number, source: ByteSource): BlockContent {
  if (kind === UNCOMPRESSED) return { bytes, offset, isCompressed: false };
  if (kind === SNAPPY) return { bytes: unpackSnappy(bytes, offset, source.name), offset, isCompressed: true };
  throw new AppError('unsupported', 'a block of the table is compressed in a way that we do not know', {
    file: source.name,
    offset: offset + bytes.byteLength,
    expected: '0 (not at all) or 1 (snappy)',
    found: String(kind),
  });
}

function handleIn(bytes: Uint8Array, position: number): BlockHandle | undefined {
  const offset = readVarint(bytes, position);
  const byteLength = offset && readVarint(bytes, offset.end);
  return byteLength && { offset: offset.value, byteLength: byteLength.value };
}

function requireInside(handle: BlockHandle, footer: number, source: ByteSource, at: number): BlockHandle {
  if (handle.offset + handle.byteLength + TRAILER_BYTES <= footer) return handle;
  throw damaged(source, at, `a block that ends at or before offset ${footer}`);
}

function damaged(source: ByteSource, offset: number, expected: string): AppError {
  return new AppError('corrupt', 'the table is damaged', { file: source.name, offset, expected });
}
