// HDF5 File Format Specification 4.0, IV.A.2.i "The Data Layout Message", versions 1 to 5.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

export type DataLayout =
  /** The values are in the message itself. */
  | { readonly kind: 'compact'; readonly address: number; readonly byteLength: number }
  /** In one piece; undefined address: nothing has been written. The room it has is told from version 3 on. */
  | { readonly kind: 'contiguous'; readonly address: number | undefined; readonly byteLength?: number }
  | ChunkedLayout
  | { readonly kind: 'virtual' };

export interface ChunkedLayout {
  readonly kind: 'chunked';
  /** Elements. */
  readonly chunkShape: readonly number[];
  /** Undefined address: nothing has been written. */
  readonly index: ChunkIndex;
  readonly address: number | undefined;
  /** Chunks that reach over the edge are not packed. */
  readonly isEdgePlain: boolean;
}

export type ChunkIndex =
  | { readonly kind: 'tree-1' }
  /** The only chunk; the length is that of the packed one. */
  | { readonly kind: 'single'; readonly packedLength: number | undefined; readonly filterMask: number }
  | { readonly kind: 'implicit' }
  | { readonly kind: 'fixed-array' }
  | { readonly kind: 'extensible-array' }
  | { readonly kind: 'tree-2' };

const COMPACT = 0;
const CONTIGUOUS = 1;
const CHUNKED = 2;
const VIRTUAL = 3;

/** @param address of the message, for values that are inside it. */
export function parseDataLayout(fields: Fields, address: number): DataLayout {
  const version = fields.u8();
  if (version === 1 || version === 2) return parseOld(fields, address);
  if (version >= 3 && version <= 5) return parseNew(fields, address, version);
  throw new AppError('unsupported', `data layouts of version ${version} are not known`, {
    offset: fields.base,
  });
}

function parseOld(fields: Fields, address: number): DataLayout {
  const rank = fields.u8();
  const layoutClass = fields.u8();
  fields.skip(5);
  const dataAddress = layoutClass === COMPACT ? undefined : fields.address('the values of a dataset');
  const dimensions = readDimensions(fields, rank, 4);
  if (layoutClass === CONTIGUOUS) return { kind: 'contiguous', address: dataAddress };
  if (layoutClass === CHUNKED) return chunkedByTree1(dimensions, dataAddress);
  if (layoutClass !== COMPACT) throw unknownClass(fields, layoutClass);
  const byteLength = fields.u32();
  return { kind: 'compact', address: address + fields.position, byteLength };
}

function parseNew(fields: Fields, address: number, version: number): DataLayout {
  const layoutClass = fields.u8();
  switch (layoutClass) {
    case COMPACT: {
      const byteLength = fields.u16();
      return { kind: 'compact', address: address + fields.position, byteLength };
    }
    case CONTIGUOUS: {
      const dataAddress = fields.address('the values of a dataset');
      return {
        kind: 'contiguous',
        address: dataAddress,
        byteLength: fields.length('the length of a dataset'),
      };
    }
    case CHUNKED: {
      if (version >= 4) return parseIndexed(fields, version);
      const rank = fields.u8();
      const dataAddress = fields.address('the chunks of a dataset');
      return chunkedByTree1(readDimensions(fields, rank, 4), dataAddress);
    }
    case VIRTUAL:
      return { kind: 'virtual' };
    default:
      throw unknownClass(fields, layoutClass);
  }
}

function unknownClass(fields: Fields, layoutClass: number): AppError {
  return new AppError('unsupported', `data layouts of class ${layoutClass} are not known`, {
    offset: fields.base,
  });
}

/** Chunk dimensions; the last one of the file's is an element's bytes. */
function readDimensions(fields: Fields, rank: number, width: number): number[] {
  if (rank > TENSOR_RANK + 1) {
    throw new AppError('corrupt', `chunks of ${rank} dimensions`, {
      offset: fields.base,
      expected: `at most ${TENSOR_RANK + 1}`,
    });
  }
  return Array.from({ length: rank }, () => fields.sized(width, 'a dimension of a chunk'));
}

function chunkedByTree1(dimensions: readonly number[], address: number | undefined): ChunkedLayout {
  return {
    kind: 'chunked',
    chunkShape: dimensions.slice(0, -1),
    index: { kind: 'tree-1' },
    address,
    isEdgePlain: false,
  };
}

function parseIndexed(fields: Fields, version: number): ChunkedLayout {
  const flags = fields.u8();
  const rank = fields.u8();
  const width = fields.u8();
  if (width < 1 || width > 8) {
    throw new AppError('corrupt', `chunk dimensions of ${width} bytes`, {
      offset: fields.base,
      expected: '1 to 8',
    });
  }
  const dimensions = readDimensions(fields, rank, width);
  const index = parseIndex(fields, (flags & 2) !== 0, version);
  return {
    kind: 'chunked',
    chunkShape: dimensions.slice(0, -1),
    index,
    address: fields.address('the chunks of a dataset'),
    isEdgePlain: (flags & 1) !== 0,
  };
}

function parseIndex(fields: Fields, isPacked: boolean, version: number): ChunkIndex {
  const type = fields.u8();
  switch (type) {
    case 1: {
      const packedLength = isPacked ? fields.length('the length of a chunk') : undefined;
      const filterMask = isPacked ? fields.u32() : 0;
      return { kind: 'single', packedLength, filterMask };
    }
    case 2:
      return { kind: 'implicit' };
    case 3:
      // bits of a page's number of entries, which the array says itself
      fields.skip(1);
      return { kind: 'fixed-array' };
    case 4:
      // five parameters, which the array says itself
      fields.skip(5);
      return { kind: 'extensible-array' };
    case 5:
      // node size and when to split and merge, which the tree says itself
      fields.skip(6);
      return { kind: 'tree-2' };
    default:
      throw new AppError(
        'unsupported',
        `chunk indexes of type ${type} are not known (layout version ${version})`,
        {
          offset: fields.base,
        },
      );
  }
}
