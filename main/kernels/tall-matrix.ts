/**
 * The triangle R of a matrix A = Q R with many more rows than columns, whose singular values are those of A. Rows are
 * taken block by block and reflected into it, so that memory is that of R and a block: Demmel, Grigori, Hoemmen &
 * Langou, LAPACK Working Note 204 (2008).
 */
import { reflect } from '#main/kernels/reflector.ts';

/** Values of a block: they stay in the second cache. */
const BLOCK_VALUES = 2 ** 16;
const LEAST_ROWS = 16;

export interface TallMatrix {
  /** Row by row, columns × columns; zeros below the diagonal. */
  readonly triangle: Float64Array;
  /** Takes values that follow in C order, yielding before each reflection the elements that it goes over. */
  add(values: Float64Array): Generator<number, void, undefined>;
  /** Takes the rows that no block has been filled with yet. */
  end(): Generator<number, void, undefined>;
}

export function tallMatrix(columns: number): TallMatrix {
  const triangle = new Float64Array(columns * columns);
  const rows = Math.max(LEAST_ROWS, Math.floor(BLOCK_VALUES / columns));
  /** Column by column. */
  const block = new Float64Array(rows * columns);
  let [row, column] = [0, 0];

  function* end(): Generator<number, void, undefined> {
    const count = row;
    row = 0;
    for (let pivot = 0; pivot < columns && count > 0; pivot++) {
      yield count * (columns - pivot);
      reflectBlock(triangle, columns, block, rows, count, pivot);
    }
  }
  function* add(values: Float64Array): Generator<number, void, undefined> {
    for (let at = 0; at < values.length; at++) {
      block[column * rows + row] = values[at]!;
      column++;
      if (column < columns) continue;
      column = 0;
      row++;
      if (row === rows) yield* end();
    }
  }
  return { triangle, add, end };
}

/** Takes one column of a block of rows into the triangle's diagonal, and all later columns along. */
function reflectBlock(
  triangle: Float64Array,
  columns: number,
  block: Float64Array,
  pitch: number,
  count: number,
  pivot: number,
): void {
  const start = pivot * pitch;
  const { beta, tau } = reflect(triangle[pivot * columns + pivot]!, block, start, start + count);
  triangle[pivot * columns + pivot] = beta;
  if (tau === 0) return;
  const own = block.subarray(start, start + count);
  for (let column = pivot + 1; column < columns; column++) {
    const values = block.subarray(column * pitch, column * pitch + count);
    const inTriangle = pivot * columns + column;
    let sum = triangle[inTriangle]!;
    for (let row = 0; row < count; row++) sum += own[row]! * values[row]!;
    const share = tau * sum;
    triangle[inTriangle]! -= share;
    for (let row = 0; row < count; row++) values[row]! -= share * own[row]!;
  }
}
