// HDF5 File Format Specification 4.0, III.G "Fractal Heap": its direct and indirect blocks.
import { HDF5_TREE_DEPTH } from '#main/bytes/limits.ts';
import { unpackChunk } from '#main/encodings/filters/filters.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { HeapHeader } from '#main/encodings/hdf5/heap-header.ts';
import { lookup3 } from '#main/encodings/hdf5/lookup3.ts';
import { AppError } from '#shared/errors.ts';

/** A direct block's part of the heap's own address space. */
export interface DirectBlock {
  readonly address: number;
  /** Bytes as stored: packed where the heap has filters. */
  readonly storedLength: number;
  readonly filterMask: number;
  readonly begin: number;
  readonly length: number;
}

/** Every direct block that has been written, in the order of the heap's address space. */
export async function findDirectBlocks(
  blocks: Hdf5Blocks,
  header: HeapHeader,
): Promise<readonly DirectBlock[]> {
  const { root, rootRows, startBytes, rootStoredLength, rootFilterMask } = header;
  if (root === undefined) return [];
  if (rootRows === 0) {
    return [
      {
        address: root,
        storedLength: rootStoredLength,
        filterMask: rootFilterMask,
        begin: 0,
        length: startBytes,
      },
    ];
  }
  const direct: DirectBlock[] = [];
  const seen = new Set<number>();
  const pending = [{ address: root, rows: rootRows, begin: 0 }];
  while (pending.length > 0) {
    const { address, rows, begin } = pending.pop()!;
    if (seen.has(address) || rows > HDF5_TREE_DEPTH + 64) {
      throw new AppError('corrupt', 'a fractal heap leads back into itself', {
        file: blocks.source.name,
        offset: blocks.base + address,
      });
    }
    seen.add(address);
    const found = await readIndirectBlock(blocks, header, address, rows, begin);
    direct.push(...found.direct);
    pending.push(...found.indirect);
  }
  return direct.sort((a, b) => a.begin - b.begin);
}

async function readIndirectBlock(
  blocks: Hdf5Blocks,
  header: HeapHeader,
  address: number,
  rows: number,
  begin: number,
): Promise<{
  readonly direct: DirectBlock[];
  readonly indirect: { readonly address: number; readonly rows: number; readonly begin: number }[];
}> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const { width, startBytes, mostDirectBytes, filters } = header;
  const directRows = Math.log2(mostDirectBytes) - Math.log2(startBytes) + 2;
  const directEntryBytes = offsetBytes + (filters ? lengthBytes + 4 : 0);
  const isDirect = (row: number): boolean => row < directRows;
  const entryBytes =
    Math.min(rows, directRows) * width * directEntryBytes +
    Math.max(0, rows - directRows) * width * offsetBytes;
  const prefixBytes = 5 + offsetBytes + Math.ceil(header.offsetBits / 8);
  const fields = await blocks.readChecked(address, prefixBytes + entryBytes + 4, 'fractal heap');
  fields.signature('FHIB', 'indirect block of a fractal heap');
  fields.seek(prefixBytes);
  const direct: DirectBlock[] = [];
  const indirect: { address: number; rows: number; begin: number }[] = [];
  let at = begin;
  for (let row = 0; row < rows; row++) {
    const length = startBytes * 2 ** Math.max(0, row - 1);
    for (let column = 0; column < width; column++, at += length) {
      const child = fields.address('a block of a fractal heap');
      const isPacked = isDirect(row) && filters;
      const storedLength = isPacked ? fields.length('a packed block') : length;
      const filterMask = isPacked ? fields.u32() : 0;
      if (child === undefined) continue;
      if (isDirect(row)) direct.push({ address: child, storedLength, filterMask, begin: at, length });
      // a child of this length has as many rows as a table of that length needs
      else
        indirect.push({
          address: child,
          rows: Math.log2(length) - Math.log2(startBytes * width) + 1,
          begin: at,
        });
    }
  }
  return { direct, indirect };
}

/** The block that an offset of the heap's address space is in. */
export function blockAt(direct: readonly DirectBlock[], offset: number): DirectBlock | undefined {
  let low = 0;
  let high = direct.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (direct[middle]!.begin <= offset) low = middle + 1;
    else high = middle;
  }
  const block = direct[low - 1];
  return block && offset < block.begin + block.length ? block : undefined;
}

/** The whole block, its head included: offsets count from there. */
export async function readDirectBlock(
  blocks: Hdf5Blocks,
  header: HeapHeader,
  block: DirectBlock,
): Promise<Uint8Array> {
  const fields = await blocks.read(block.address, block.storedLength, 'fractal heap');
  const stored = fields.bytes(block.storedLength);
  const filters = (header.filters ?? []).filter((_, at) => (block.filterMask & (1 << at)) === 0);
  const place = { file: blocks.source.name, offset: blocks.base + block.address };
  const bytes = await unpackChunk(stored, filters, block.length, place);
  const head = blocks.fields(bytes, block.address);
  head.signature('FHDB', 'direct block of a fractal heap');
  if (header.hasBlockChecksums) requireChecksum(blocks, header, block, bytes);
  return bytes;
}

/** The checksum stands in the head and is taken with zeros in its place. */
function requireChecksum(
  blocks: Hdf5Blocks,
  header: HeapHeader,
  block: DirectBlock,
  bytes: Uint8Array,
): void {
  const at = 5 + blocks.widths.offsetBytes + Math.ceil(header.offsetBits / 8);
  const stored = blocks.fields(bytes.subarray(at, at + 4), block.address + at).u32();
  const blank = bytes.slice();
  blank.fill(0, at, at + 4);
  const found = lookup3(blank);
  if (found === stored) return;
  throw new AppError('corrupt', 'the checksum of a fractal heap’s block is wrong', {
    file: blocks.source.name,
    offset: blocks.base + block.address,
    expected: `0x${stored.toString(16).padStart(8, '0')}`,
    found: `0x${found.toString(16).padStart(8, '0')}`,
  });
}
