// HDF5 File Format Specification 4.0, appendix C "The Extensible Array Index".
import { TENSOR_CHUNKS } from '#main/bytes/limits.ts';
import { entryReader, type ArrayEntry, type EntryReader } from '#main/encodings/hdf5/array-entry.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { isBitSet, takeEntries } from '#main/encodings/hdf5/fixed-array.ts';
import { AppError } from '#shared/errors.ts';

const CHECKSUM_BYTES = 4;

interface ArrayHeader {
  readonly reader: EntryReader;
  /** Bytes that number an entry. */
  readonly numberBytes: number;
  readonly indexEntries: number;
  readonly leastBlockEntries: number;
  readonly leastBlockPointers: number;
  readonly pageEntries: number;
  /** Super blocks that the whole array could have. */
  readonly superBlocks: number;
  /** Entries that may have been set. */
  readonly used: number;
  readonly indexBlock: number | undefined;
}

/** Of one super block, which the first ones are only in thought: so many data blocks of so many entries. */
interface SuperBlock {
  readonly blocks: number;
  readonly entries: number;
}

type Take = (at: number, entry: ArrayEntry) => void;

/** @param take gets the number of each chunk that has been written, and where it is. */
export async function readExtensibleArray(
  blocks: Hdf5Blocks,
  address: number,
  chunkBytes: number,
  take: Take,
): Promise<void> {
  const header = await readHeader(blocks, address, chunkBytes);
  if (header.indexBlock === undefined) return;
  const { offsetBytes } = blocks.widths;
  const { reader, indexEntries, leastBlockPointers } = header;
  // the index block holds the blocks of the first super blocks itself, the others by address
  const ownSuperBlocks = 2 * Math.log2(leastBlockPointers);
  const blockPointers = 2 * (leastBlockPointers - 1);
  const superPointers = Math.max(0, header.superBlocks - ownSuperBlocks);
  const prefixBytes = 6 + offsetBytes;
  const length =
    prefixBytes +
    indexEntries * reader.entryBytes +
    (blockPointers + superPointers) * offsetBytes +
    CHECKSUM_BYTES;
  const fields = await blocks.readChecked(header.indexBlock, length, 'chunk index');
  fields.signature('EAIB', 'index block of an extensible array');
  fields.seek(prefixBytes);
  takeEntries(fields, reader, 0, indexEntries, take);

  let first = indexEntries;
  for (let number = 0; number < header.superBlocks; number++) {
    const { blocks: count, entries } = superBlock(header, number);
    if (number < ownSuperBlocks) {
      for (let block = 0; block < count; block++) {
        const place = fields.address('a data block of an extensible array');
        if (place !== undefined)
          await readDataBlock(blocks, header, place, first + block * entries, entries, undefined, take);
      }
    } else {
      const place = fields.address('a super block of an extensible array');
      if (place !== undefined) await readSuperBlock(blocks, header, place, number, first, take);
    }
    first += count * entries;
    if (first > header.used) break;
  }
}

async function readHeader(blocks: Hdf5Blocks, address: number, chunkBytes: number): Promise<ArrayHeader> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const length = 12 + 6 * lengthBytes + offsetBytes + CHECKSUM_BYTES;
  const fields = await blocks.readChecked(address, length, 'chunk index');
  fields.signature('EAHD', 'extensible array');
  fields.skip(1);
  const client = fields.u8();
  const reader = entryReader(client, fields.u8(), blocks.widths, chunkBytes, blocks.base + address);
  const numberBits = fields.u8();
  const indexEntries = fields.u8();
  const leastBlockEntries = fields.u8();
  const leastBlockPointers = fields.u8();
  const pageBits = fields.u8();
  // how many super and data blocks there are, and their lengths
  fields.skip(4 * lengthBytes);
  const used = fields.length('the entries of an extensible array');
  fields.length('the entries of an extensible array');
  const indexBlock = fields.address('the index block of an extensible array');
  const superBlocks = 1 + numberBits - Math.log2(leastBlockEntries);
  const isSound =
    numberBits <= 64 &&
    Number.isInteger(Math.log2(leastBlockEntries)) &&
    Number.isInteger(Math.log2(leastBlockPointers)) &&
    superBlocks >= 0;
  if (!isSound || used > TENSOR_CHUNKS) {
    throw new AppError(
      isSound ? 'limit' : 'corrupt',
      isSound ? `a dataset of ${used} chunks` : 'an extensible array makes no sense',
      {
        file: blocks.source.name,
        offset: blocks.base + address,
        expected: isSound ? `at most ${TENSOR_CHUNKS}` : 'blocks whose lengths are powers of two',
      },
    );
  }
  const numberBytes = Math.ceil(numberBits / 8);
  const pageEntries = 2 ** Math.min(pageBits, 53);
  return {
    reader,
    numberBytes,
    indexEntries,
    leastBlockEntries,
    leastBlockPointers,
    pageEntries,
    superBlocks,
    used,
    indexBlock,
  };
}

function superBlock({ leastBlockEntries }: ArrayHeader, number: number): SuperBlock {
  return { blocks: 2 ** Math.floor(number / 2), entries: leastBlockEntries * 2 ** Math.ceil(number / 2) };
}

async function readSuperBlock(
  blocks: Hdf5Blocks,
  header: ArrayHeader,
  address: number,
  number: number,
  first: number,
  take: Take,
): Promise<void> {
  const { offsetBytes } = blocks.widths;
  const { blocks: count, entries } = superBlock(header, number);
  const pages = entries > header.pageEntries ? entries / header.pageEntries : 0;
  const bitmapBytes = Math.ceil(pages / 8);
  const prefixBytes = 6 + offsetBytes + header.numberBytes;
  const length = prefixBytes + count * (bitmapBytes + offsetBytes) + CHECKSUM_BYTES;
  const fields = await blocks.readChecked(address, length, 'chunk index');
  fields.signature('EASB', 'super block of an extensible array');
  fields.seek(prefixBytes);
  // the library rounds the room for the bits up to whole bytes for each block, but numbers the bits through
  const bitmap = fields.bytes(count * bitmapBytes);
  for (let block = 0; block < count; block++) {
    const place = fields.address('a data block of an extensible array');
    const written = pages > 0 ? { bitmap, firstBit: block * pages } : undefined;
    if (place !== undefined)
      await readDataBlock(blocks, header, place, first + block * entries, entries, written, take);
  }
}

/** Bits that tell which pages of a data block have been written. */
interface WrittenPages {
  readonly bitmap: Uint8Array;
  /** The bit of the block's first page. */
  readonly firstBit: number;
}

/** @param written absent for a block without pages. */
async function readDataBlock(
  blocks: Hdf5Blocks,
  header: ArrayHeader,
  address: number,
  first: number,
  entries: number,
  written: WrittenPages | undefined,
  take: Take,
): Promise<void> {
  const { reader, pageEntries } = header;
  const prefixBytes = 6 + blocks.widths.offsetBytes + header.numberBytes;
  const open = async (dataBytes: number): Promise<Fields> => {
    const fields = await blocks.readChecked(address, prefixBytes + dataBytes + CHECKSUM_BYTES, 'chunk index');
    fields.signature('EADB', 'data block of an extensible array');
    fields.seek(prefixBytes);
    return fields;
  };
  if (!written) {
    takeEntries(await open(entries * reader.entryBytes), reader, first, entries, take);
    return;
  }
  await open(0);
  const pageBytes = pageEntries * reader.entryBytes + CHECKSUM_BYTES;
  for (let page = 0; page < entries / pageEntries; page++) {
    if (!isBitSet(written.bitmap, written.firstBit + page)) continue;
    const place = address + prefixBytes + CHECKSUM_BYTES + page * pageBytes;
    takeEntries(
      await blocks.readChecked(place, pageBytes, 'chunk index'),
      reader,
      first + page * pageEntries,
      pageEntries,
      take,
    );
  }
}
