// HDF5 File Format Specification 4.0, III.G "Fractal Heap": its header.
import { HDF5_HEAP_BLOCK_BYTES } from '#main/bytes/limits.ts';
import type { Filter } from '#main/encodings/filters/filters.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { parsePipeline, requireFilters } from '#main/encodings/hdf5/filter-pipeline.ts';
import { AppError } from '#shared/errors.ts';

export interface HeapHeader {
  readonly address: number;
  readonly idBytes: number;
  readonly hasBlockChecksums: boolean;
  readonly mostManaged: number;
  readonly hugeTree: number | undefined;
  readonly width: number;
  readonly startBytes: number;
  readonly mostDirectBytes: number;
  readonly offsetBits: number;
  readonly root: number | undefined;
  readonly rootRows: number;
  readonly rootStoredLength: number;
  readonly rootFilterMask: number;
  readonly filters: readonly Filter[] | undefined;
}

export async function readHeapHeader(blocks: Hdf5Blocks, address: number): Promise<HeapHeader> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const plainLength = 22 + 12 * lengthBytes + 3 * offsetBytes + 4;
  const peek = await blocks.read(address, 9);
  peek.signature('FRHP', 'fractal heap');
  peek.skip(3);
  const filterBytes = peek.u16();
  const length = plainLength + (filterBytes > 0 ? lengthBytes + 4 + filterBytes : 0);
  const fields = await blocks.readChecked(address, length, 'fractal heap');
  fields.skip(5);
  const idBytes = fields.u16();
  fields.skip(2);
  const flags = fields.u8();
  const mostManaged = fields.u32();
  fields.lengthOrAll('the next huge object');
  const hugeTree = fields.address('the tree of huge objects');
  fields.skip(lengthBytes + offsetBytes + 8 * lengthBytes);
  const width = fields.u16();
  const startBytes = fields.length('the first block of a heap');
  const mostDirectBytes = fields.length('the largest block of a heap');
  const offsetBits = fields.u16();
  // rows to begin with
  fields.skip(2);
  const root = fields.address('the root block of a heap');
  const rootRows = fields.u16();
  const rootStoredLength = filterBytes > 0 ? fields.length('the packed root block') : startBytes;
  const rootFilterMask = filterBytes > 0 ? fields.u32() : 0;
  const filters =
    filterBytes > 0
      ? requireFilters(parsePipeline(blocks.fields(fields.bytes(filterBytes), address)), 0)
      : undefined;
  const isSound =
    isPowerOfTwo(width) &&
    isPowerOfTwo(startBytes) &&
    isPowerOfTwo(mostDirectBytes) &&
    startBytes <= mostDirectBytes &&
    mostDirectBytes <= HDF5_HEAP_BLOCK_BYTES &&
    offsetBits <= 64 &&
    idBytes > 1;
  if (!isSound) {
    throw new AppError('corrupt', 'a fractal heap makes no sense', {
      file: blocks.source.name,
      offset: blocks.base + address,
      expected: 'a table of blocks whose lengths are powers of two',
    });
  }
  const hasBlockChecksums = (flags & 2) !== 0;
  return {
    address,
    idBytes,
    hasBlockChecksums,
    mostManaged,
    hugeTree,
    width,
    startBytes,
    mostDirectBytes,
    offsetBits,
    root,
    rootRows,
    rootStoredLength,
    rootFilterMask,
    filters,
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
