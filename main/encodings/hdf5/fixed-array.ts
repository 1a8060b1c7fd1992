// HDF5 File Format Specification 4.0, appendix C "The Fixed Array Index".
import { TENSOR_CHUNKS } from '#main/bytes/limits.ts';
import { entryReader, type ArrayEntry, type EntryReader } from '#main/encodings/hdf5/array-entry.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { AppError } from '#shared/errors.ts';

const CHECKSUM_BYTES = 4;

/** @param take gets the number of each chunk that has been written, and where it is. */
export async function readFixedArray(
  blocks: Hdf5Blocks,
  address: number,
  chunkBytes: number,
  take: (at: number, entry: ArrayEntry) => void,
): Promise<void> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const header = await blocks.readChecked(
    address,
    8 + lengthBytes + offsetBytes + CHECKSUM_BYTES,
    'chunk index',
  );
  header.signature('FAHD', 'fixed array');
  header.skip(1);
  const client = header.u8();
  const reader = entryReader(client, header.u8(), blocks.widths, chunkBytes, blocks.base + address);
  const pageBits = header.u8();
  const count = header.length('the entries of a fixed array');
  const data = header.address('the entries of a fixed array');
  if (data === undefined) return;
  if (count > TENSOR_CHUNKS) {
    throw new AppError('limit', `a dataset of ${count} chunks`, {
      file: blocks.source.name,
      offset: blocks.base + address,
      expected: `at most ${TENSOR_CHUNKS}`,
    });
  }
  const pageEntries = 2 ** Math.min(pageBits, 53);
  const prefixBytes = 6 + offsetBytes;
  if (count <= pageEntries) {
    const length = prefixBytes + count * reader.entryBytes + CHECKSUM_BYTES;
    const fields = await blocks.readChecked(data, length, 'chunk index');
    fields.signature('FADB', 'data block of a fixed array');
    fields.seek(prefixBytes);
    takeEntries(fields, reader, 0, count, take);
    return;
  }
  await readPages(blocks, data, reader, count, pageEntries, take);
}

/** Pages follow a bitmap of those that have been written, each with its own checksum. */
async function readPages(
  blocks: Hdf5Blocks,
  address: number,
  reader: EntryReader,
  count: number,
  pageEntries: number,
  take: (at: number, entry: ArrayEntry) => void,
): Promise<void> {
  const pages = Math.ceil(count / pageEntries);
  const bitmapBytes = Math.ceil(pages / 8);
  const prefixBytes = 6 + blocks.widths.offsetBytes;
  const headBytes = prefixBytes + bitmapBytes + CHECKSUM_BYTES;
  const head = await blocks.readChecked(address, headBytes, 'chunk index');
  head.signature('FADB', 'data block of a fixed array');
  head.seek(prefixBytes);
  const bitmap = head.bytes(bitmapBytes);
  const pageBytes = pageEntries * reader.entryBytes + CHECKSUM_BYTES;
  for (let page = 0; page < pages; page++) {
    if (!isBitSet(bitmap, page)) continue;
    const first = page * pageEntries;
    const entries = Math.min(pageEntries, count - first);
    const length = entries * reader.entryBytes + CHECKSUM_BYTES;
    const fields = await blocks.readChecked(address + headBytes + page * pageBytes, length, 'chunk index');
    takeEntries(fields, reader, first, entries, take);
  }
}

/** Bits are counted from the highest of the first byte. */
export function isBitSet(bitmap: Uint8Array, at: number): boolean {
  return ((bitmap[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0;
}

export function takeEntries(
  fields: Parameters<EntryReader['next']>[0],
  reader: EntryReader,
  first: number,
  count: number,
  take: (at: number, entry: ArrayEntry) => void,
): void {
  for (let at = first; at < first + count; at++) {
    const entry = reader.next(fields);
    if (entry) take(at, entry);
  }
}
