// https://pytorch.org/docs/stable/sparse.html: where the stored entries of each layout belong.
import { requireSmall } from '#main/encodings/sparse/strided-part.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

export type SparseLayout = 'coo' | 'csr' | 'csc' | 'bsr' | 'bsc' | 'dia';

interface Shaped {
  readonly shape: readonly number[];
}

export interface EntryPositions {
  /** For every stored item its place, counted in items. */
  readonly positions: Float64Array;
  /** Which items these are, where some have no place; all of them in order when absent. */
  readonly stored?: Uint32Array;
  /** Elements of one item: they lie together in the values and in the dense form. */
  readonly itemElements: number;
}

/**
 * @param shape of the dense form.
 * @param valuesShape entries first, then blocks, then dense dimensions.
 * @param numbers of the index arrays, in C order.
 * @throws AppError `corrupt` where shapes do not fit each other or an index lies outside.
 */
export function entryPositions(
  layout: SparseLayout,
  shape: readonly number[],
  valuesShape: readonly number[],
  indexArrays: readonly Shaped[],
  numbers: readonly Float64Array[],
): EntryPositions {
  if (layout === 'dia') return diagonalPositions(shape, valuesShape, numbers);
  return layout === 'coo'
    ? coordinatePositions(shape, valuesShape, indexArrays, numbers)
    : compressedPositions(layout, shape, valuesShape, indexArrays, numbers);
}

function coordinatePositions(
  shape: readonly number[],
  valuesShape: readonly number[],
  indexArrays: readonly Shaped[],
  numbers: readonly Float64Array[],
): EntryPositions {
  const axes =
    indexArrays.length > 1 || indexArrays[0]!.shape.length === 1
      ? indexArrays.length
      : indexArrays[0]!.shape[0]!;
  const count = valuesShape[0] ?? 0;
  const itemElements = productOf(valuesShape.slice(1));
  const flat = numbers.length === 1 ? numbers[0]! : Float64Array.from(numbers.flatMap((row) => [...row]));
  require(axes <= shape.length &&
    flat.length === axes * count, 'its indices do not have the shape of its values');
  require(itemElements === productOf(shape.slice(axes)), 'its values do not fit its shape');
  const positions = new Float64Array(count);
  for (let entry = 0; entry < count; entry++) {
    let position = 0;
    for (let axis = 0; axis < axes; axis++) {
      position = position * shape[axis]! + indexWithin(flat[axis * count + entry]!, shape[axis]!);
    }
    positions[entry] = position;
  }
  return { positions, itemElements };
}

function compressedPositions(
  layout: Exclude<SparseLayout, 'coo' | 'dia'>,
  shape: readonly number[],
  valuesShape: readonly number[],
  [outerArray, innerArray]: readonly Shaped[],
  [outer, inner]: readonly Float64Array[],
): EntryPositions {
  require(outerArray !== undefined &&
    innerArray !== undefined &&
    outer !== undefined &&
    inner !== undefined, 'it lacks indices');
  const isBlocked = layout === 'bsr' || layout === 'bsc';
  const isByRow = layout === 'csr' || layout === 'bsr';
  const batchAxes = outerArray.shape.length - 1;
  const batches = productOf(shape.slice(0, batchAxes));
  const [rows, columns] = [shape[batchAxes], shape[batchAxes + 1]];
  require(rows !== undefined && columns !== undefined, 'its shape has no rows and columns');
  const [blockRows, blockColumns] = isBlocked
    ? [valuesShape[batchAxes + 1] ?? 0, valuesShape[batchAxes + 2] ?? 0]
    : [1, 1];
  const dense = productOf(valuesShape.slice(batchAxes + (isBlocked ? 3 : 1)));
  require(rows % blockRows === 0 && columns % blockColumns === 0, 'its blocks do not fit its shape');
  require(dense === productOf(shape.slice(batchAxes + 2)), 'its values do not fit its shape');
  const [rowBlocks, columnBlocks] = [rows / blockRows, columns / blockColumns];
  const [lines, places] = isByRow ? [rowBlocks, columnBlocks] : [columnBlocks, rowBlocks];
  const entries = valuesShape[batchAxes] ?? 0;
  require(outer.length === batches * (lines + 1) &&
    inner.length === batches * entries, 'its indices do not fit its shape');

  const positions = new Float64Array(batches * entries * blockRows);
  for (let batch = 0; batch < batches; batch++) {
    for (let line = 0; line < lines; line++) {
      const begin = outer[batch * (lines + 1) + line]!;
      const end = outer[batch * (lines + 1) + line + 1]!;
      require(begin >= 0 && begin <= end && end <= entries, 'its compressed indices do not ascend');
      for (let entry = begin; entry < end; entry++) {
        const place = indexWithin(inner[batch * entries + entry]!, places);
        const [row, column] = isByRow ? [line, place] : [place, line];
        for (let step = 0; step < blockRows; step++) {
          positions[(batch * entries + entry) * blockRows + step] =
            (batch * rows + row * blockRows + step) * columnBlocks + column;
        }
      }
    }
  }
  return { positions, itemElements: blockColumns * dense };
}

/** SciPy's diagonals: column j of row k of the values belongs to row j - offsets[k], where there is one. */
function diagonalPositions(
  shape: readonly number[],
  valuesShape: readonly number[],
  [offsets]: readonly Float64Array[],
): EntryPositions {
  const [rows, columns] = shape;
  const [diagonals, length] = valuesShape;
  require(rows !== undefined && columns !== undefined && shape.length === 2, 'it has no rows and columns');
  require(diagonals !== undefined && length !== undefined, 'its values are no diagonals');
  require(offsets?.length === diagonals, 'it has not as many offsets as diagonals');
  require(new Set(offsets).size === diagonals &&
    offsets.every(Number.isInteger), 'its offsets are no diagonals');
  requireSmall(8 * diagonals * length);
  const positions: number[] = [];
  const stored: number[] = [];
  for (let diagonal = 0; diagonal < diagonals; diagonal++) {
    const offset = offsets[diagonal]!;
    const end = Math.min(length, columns, rows + offset);
    for (let column = Math.max(0, offset); column < end; column++) {
      positions.push((column - offset) * columns + column);
      stored.push(diagonal * length + column);
    }
  }
  return { positions: Float64Array.from(positions), stored: Uint32Array.from(stored), itemElements: 1 };
}

function indexWithin(index: number, size: number): number {
  require(Number.isInteger(index) &&
    index >= 0 &&
    index < size, `it has the index ${index} along an axis of ${size}`);
  return index;
}

function productOf(shape: readonly number[]): number {
  return elementCountOf(shape) ?? Infinity;
}

function require(isFulfilled: boolean, what: string): asserts isFulfilled {
  if (!isFulfilled) throw new AppError('corrupt', `the sparse tensor is inconsistent: ${what}`);
}
