/**
 * A matrix brought to bidiagonal form by reflections from either side, which keep its singular values:
 * Golub & Kahan (1965); Golub & Van Loan, Matrix Computations, 5.4.8.
 */
import { reflect } from '#main/kernels/reflector.ts';

/** The upper bidiagonal matrix: its diagonal, and one fewer above it. */
export interface Bidiagonal {
  readonly diagonal: Float64Array;
  readonly above: Float64Array;
}

/**
 * Takes one column after the other, yielding before each the elements that are left: 4 multiplications and as many
 * additions each. Of every column a reflection from the right waits until that from the left comes by, so that memory
 * is passed twice a column and not four times.
 * @param matrix column by column, values at most about 1; it is used up.
 * @param rows at least as many as columns.
 */
export function* bidiagonalise(
  matrix: Float64Array,
  rows: number,
  columns: number,
): Generator<number, Bidiagonal, undefined> {
  const diagonal = new Float64Array(columns);
  const above = new Float64Array(Math.max(0, columns - 1));
  /** v of the reflection from the left, by row; w of that from the right, by column. */
  const left = new Float64Array(rows);
  const right = new Float64Array(columns);
  /** What the waiting reflection takes from a column, for each unit that w has there. */
  const waiting = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    yield (rows - column) * (columns - column);
    const own = matrix.subarray(column * rows, (column + 1) * rows);
    for (let row = column; row < rows; row++) left[row] = own[row]! - right[column]! * waiting[row]!;
    const { beta, tau } = reflect(left[column]!, left, column + 1, rows);
    left[column] = 1;
    diagonal[column] = beta;
    if (column === columns - 1) break;
    for (let other = column + 1; other < columns; other++) {
      const values = matrix.subarray(other * rows, (other + 1) * rows);
      reflectColumn(values, column, rows, left, tau, right[other]!, waiting);
      right[other] = values[column]!;
    }
    const across = reflect(right[column + 1]!, right, column + 2, columns);
    right[column + 1] = 1;
    above[column] = across.beta;
    combine(matrix, rows, columns, column + 1, right, across.tau, waiting);
  }
  return { diagonal, above };
}

/** values −= weight × waiting, then values −= tau (left · values) left; rows [from, to). */
function reflectColumn(
  values: Float64Array,
  from: number,
  to: number,
  left: Float64Array,
  tau: number,
  weight: number,
  waiting: Float64Array,
): void {
  let [even, odd] = [0, 0];
  let row = from;
  for (; row + 1 < to; row += 2) {
    const first = values[row]! - weight * waiting[row]!;
    const second = values[row + 1]! - weight * waiting[row + 1]!;
    values[row] = first;
    values[row + 1] = second;
    even += left[row]! * first;
    odd += left[row + 1]! * second;
  }
  if (row < to) {
    values[row]! -= weight * waiting[row]!;
    even += left[row]! * values[row]!;
  }
  const share = tau * (even + odd);
  if (share === 0) return;
  for (row = from; row < to; row++) values[row]! -= share * left[row]!;
}

/** sum = tau × the columns from `first` on, each times its weight; rows from `first` on. */
function combine(
  matrix: Float64Array,
  rows: number,
  columns: number,
  first: number,
  weights: Float64Array,
  tau: number,
  sum: Float64Array,
): void {
  sum.fill(0);
  let column = first;
  for (; column + 1 < columns; column += 2) {
    const one = matrix.subarray(column * rows, (column + 1) * rows);
    const two = matrix.subarray((column + 1) * rows, (column + 2) * rows);
    const [ofOne, ofTwo] = [tau * weights[column]!, tau * weights[column + 1]!];
    for (let row = first; row < rows; row++) sum[row]! += ofOne * one[row]! + ofTwo * two[row]!;
  }
  if (column === columns) return;
  const last = matrix.subarray(column * rows, (column + 1) * rows);
  for (let row = first; row < rows; row++) sum[row]! += tau * weights[column]! * last[row]!;
}
