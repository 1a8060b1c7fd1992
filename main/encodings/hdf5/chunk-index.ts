// HDF5 File Format Specification 4.0, III.A.1 (chunks in version 1 B-trees) and appendix C "Types of Indexes for Dataset Chunks".
import { CHUNK_TREE, walkTree1 } from '#main/encodings/hdf5/b-tree-1.ts';
import { walkTree2 } from '#main/encodings/hdf5/b-tree-2.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { ChunkedLayout } from '#main/encodings/hdf5/data-layout.ts';
import { readExtensibleArray } from '#main/encodings/hdf5/extensible-array.ts';
import { readFixedArray } from '#main/encodings/hdf5/fixed-array.ts';
import { AppError } from '#shared/errors.ts';

/** A chunk that has been written. */
export interface StoredChunk {
  /** Place in the grid of chunks. */
  readonly cell: readonly number[];
  readonly address: number;
  /** Bytes as stored. */
  readonly byteLength: number;
  /** A bit for each step of the pipeline that was left out. */
  readonly filterMask: number;
}

/** What an index needs to know of its dataset. */
export interface ChunkedSpace {
  /** Elements along each axis, and how far they may grow; undefined for without end. */
  readonly shape: readonly number[];
  readonly mostShape: readonly (number | undefined)[];
  /** Bytes of a chunk that is not packed. */
  readonly chunkBytes: number;
}

/** Of B-trees that list chunks: as they are, and packed. */
const PLAIN_RECORD = 10;
const PACKED_RECORD = 11;
const SCALED_BYTES = 8;

/**
 * Every chunk that has been written, some perhaps outside the dataset's present shape.
 * @param take is called for each; it may throw to end the walk.
 */
export async function readChunkIndex(
  blocks: Hdf5Blocks,
  layout: ChunkedLayout,
  space: ChunkedSpace,
  take: (chunk: StoredChunk) => void,
): Promise<void> {
  const { address, index } = layout;
  if (address === undefined) return;
  const { chunkBytes } = space;
  switch (index.kind) {
    case 'tree-1':
      return readTree1(blocks, layout, address, take);
    case 'tree-2':
      return readTree2(blocks, layout, space, address, take);
    case 'single': {
      const byteLength = index.packedLength ?? chunkBytes;
      take({ cell: layout.chunkShape.map(() => 0), address, byteLength, filterMask: index.filterMask });
      return;
    }
    case 'implicit': {
      const cellOf = cellsInOrder(layout, space, undefined);
      for (let at = 0; at < cellOf.count; at++) {
        take({
          cell: cellOf.cell(at),
          address: address + at * chunkBytes,
          byteLength: chunkBytes,
          filterMask: 0,
        });
      }
      return;
    }
    case 'fixed-array': {
      const cellOf = cellsInOrder(layout, space, undefined);
      return readFixedArray(blocks, address, chunkBytes, (at, entry) =>
        take({ cell: cellOf.cell(at), ...entry }),
      );
    }
    case 'extensible-array': {
      const growing = space.mostShape.indexOf(undefined);
      const cellOf = cellsInOrder(layout, space, Math.max(0, growing));
      return readExtensibleArray(blocks, address, chunkBytes, (at, entry) =>
        take({ cell: cellOf.cell(at), ...entry }),
      );
    }
  }
}

async function readTree1(
  blocks: Hdf5Blocks,
  { chunkShape }: ChunkedLayout,
  address: number,
  take: (chunk: StoredChunk) => void,
): Promise<void> {
  // length and mask, then an offset for each axis and one inside an element
  const keyBytes = 8 + 8 * (chunkShape.length + 1);
  await walkTree1(blocks, address, CHUNK_TREE, keyBytes, (key, child) => {
    const byteLength = key.u32();
    const filterMask = key.u32();
    const cell = chunkShape.map((size) => {
      const offset = key.sized(8, 'the place of a chunk');
      if (offset % size === 0) return offset / size;
      throw new AppError('corrupt', 'a chunk is not on the grid of its dataset', {
        file: blocks.source.name,
        offset: key.base,
        expected: `a multiple of ${size}`,
        found: `${offset}`,
      });
    });
    take({ cell, address: child, byteLength, filterMask });
  });
}

async function readTree2(
  blocks: Hdf5Blocks,
  { chunkShape }: ChunkedLayout,
  { chunkBytes }: ChunkedSpace,
  address: number,
  take: (chunk: StoredChunk) => void,
): Promise<void> {
  const { offsetBytes } = blocks.widths;
  await walkTree2(blocks, address, [PLAIN_RECORD, PACKED_RECORD], (record, type) => {
    const chunkAddress = record.definedAddress('a chunk');
    const isPacked = type === PACKED_RECORD;
    const lengthBytes = record.byteLength - offsetBytes - 4 - SCALED_BYTES * chunkShape.length;
    if (isPacked && (lengthBytes < 1 || lengthBytes > 8)) {
      throw new AppError('corrupt', 'a B-tree of chunks has records of the wrong length', {
        file: blocks.source.name,
        offset: record.base,
      });
    }
    const byteLength = isPacked ? record.sized(lengthBytes, 'the length of a chunk') : chunkBytes;
    const filterMask = isPacked ? record.u32() : 0;
    const cell = chunkShape.map(() => record.sized(SCALED_BYTES, 'the place of a chunk'));
    take({ cell, address: chunkAddress, byteLength, filterMask });
  });
}

interface CellOrder {
  /** Cells of the present shape, where that is what is numbered. */
  readonly count: number;
  cell(at: number): number[];
}

/**
 * How indexes number cells: in C order of the largest shape, the axis that grows without end standing first.
 * @param growing that axis, if there is one.
 */
function cellsInOrder(
  { chunkShape }: ChunkedLayout,
  space: ChunkedSpace,
  growing: number | undefined,
): CellOrder {
  const axes = [...chunkShape.keys()];
  const order = growing === undefined ? axes : [growing, ...axes.filter((axis) => axis !== growing)];
  const counts = order.map((axis) =>
    Math.max(1, Math.ceil((space.mostShape[axis] ?? space.shape[axis]!) / chunkShape[axis]!)),
  );
  return {
    count: counts.reduce((product, count) => product * count, 1),
    cell: (at) => {
      const cell = new Array<number>(axes.length).fill(0);
      let rest = at;
      for (let place = order.length - 1; place > 0; place--) {
        cell[order[place]!] = rest % counts[place]!;
        rest = Math.floor(rest / counts[place]!);
      }
      // the first axis has no end
      if (order.length > 0) cell[order[0]!] = rest;
      return cell;
    },
  };
}
