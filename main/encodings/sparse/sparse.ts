/** Sparse tensors as stored by frameworks, made readable as the dense tensors that they stand for. */
import { SPARSE_DENSE_BYTES, SPARSE_DENSE_RATIO } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { scatteredSource } from '#main/bytes/scattered-source.ts';
import { entryPositions, type SparseLayout } from '#main/encodings/sparse/positions.ts';
import {
  contiguousPart,
  readNumbers,
  requireSmall,
  type StridedPart,
} from '#main/encodings/sparse/strided-part.ts';
import { sumRepeated } from '#main/encodings/sparse/sum-repeated.ts';
import { AppError } from '#shared/errors.ts';
import { dtypeInfo, isFloating, swapUnit } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

export type { SparseLayout } from '#main/encodings/sparse/positions.ts';
export { readNumbers, type StridedPart } from '#main/encodings/sparse/strided-part.ts';

export interface SparseArrays {
  readonly layout: SparseLayout;
  /** Of the dense form. */
  readonly shape: readonly number[];
  readonly values: StridedPart;
  /** For `coo`: the coordinates, one row an axis (or one row alone). For `dia`: the offsets. For the others: the compressed and the plain indices. */
  readonly indices: readonly StridedPart[];
  /** Whether the framework makes the dense form by adding to zeros, which turns -0 into 0, rather than by copying. */
  readonly isAdded: boolean;
}

/**
 * The dense form of a sparse tensor as a source of its own, in C order and in the byte order of the values.
 * Reads the indices; values are read when they are wanted. Entries that repeat a place are summed, as frameworks do.
 * @throws AppError `corrupt` for indices that make no sense, `limit`, `unsupported`.
 */
export async function densify(sparse: SparseArrays): Promise<ByteSource> {
  const { layout, shape, values } = sparse;
  const width = dtypeInfo(values.dtype).bits / 8;
  const byteLength = denseByteLength(sparse, width);
  const indices = await Promise.all(sparse.indices.map(readNumbers));
  const { positions, stored, itemElements } = entryPositions(
    ...([layout, shape, values.shape, sparse.indices, indices] as const),
  );
  const itemBytes = itemElements * width;
  const { source, offset } = await contiguousPart(values);
  const ascending = isAscending(positions) ? undefined : ascendingOrder(positions);
  const sorted = ascending ? Float64Array.from(ascending, (entry) => positions[entry]!) : positions;
  const order = stored && ascending ? ascending.map((entry) => stored[entry]!) : (stored ?? ascending);
  // diagonals never repeat a place
  if (stored || isStrict(sorted)) {
    const zeroWord = sparse.isAdded ? negativeZero(values) : undefined;
    return scatteredSource(source, {
      ...{ offset, itemBytes, positions: sorted, byteLength },
      ...(order ? { order } : {}),
      ...(zeroWord ? { zeroWord } : {}),
    });
  }
  requireSmall(positions.length * itemBytes);
  const bytes = await source.read(offset, positions.length * itemBytes);
  const summed = sumRepeated(bytes, itemBytes, values.dtype, values.byteOrder, sorted, order);
  return scatteredSource(summed.source, { offset: 0, itemBytes, positions: summed.positions, byteLength });
}

function denseByteLength({ shape, values, indices }: SparseArrays, width: number): number {
  const byteLength = (elementCountOf(shape) ?? Infinity) * width;
  const stored = [values, ...indices].reduce((sum, part) => sum + part.byteLength, 0);
  const most = Math.max(SPARSE_DENSE_BYTES, stored * SPARSE_DENSE_RATIO);
  if (byteLength <= most) return byteLength;
  throw new AppError('limit', 'the dense form of the sparse tensor is larger than we unfold', {
    expected: `at most ${most} bytes`,
    found: `${byteLength} bytes`,
  });
}

/** The bytes of -0, of dtypes that have it: the sign bit alone. */
function negativeZero({ dtype, byteOrder }: StridedPart): Uint8Array | undefined {
  const isUnsigned = dtype.endsWith('fnuz') || dtype === 'f8_e8m0';
  if (!isFloating(dtype) || isUnsigned) return undefined;
  const word = new Uint8Array(swapUnit(dtype));
  word[byteOrder === 'little' ? word.byteLength - 1 : 0] = 0x80;
  return word;
}

function isAscending(positions: Float64Array): boolean {
  for (let index = 1; index < positions.length; index++) {
    if (positions[index]! < positions[index - 1]!) return false;
  }
  return true;
}

function isStrict(sorted: Float64Array): boolean {
  for (let index = 1; index < sorted.length; index++) {
    if (sorted[index] === sorted[index - 1]) return false;
  }
  return true;
}

/** Stored items in the order of their positions; those of one place stay in the order in which they are stored. */
function ascendingOrder(positions: Float64Array): Uint32Array {
  const order = Uint32Array.from(positions, (_, index) => index);
  return order.sort((a, b) => positions[a]! - positions[b]! || a - b);
}
