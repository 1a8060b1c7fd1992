import type { Values } from '#main/trainer/values.ts';

/**
 * C = A B for any strides, which serves y = x Wᵀ, dW = dyᵀ x and dx = dy W alike.
 * A's element (row, k) is at `row * aRow + k * aStep`, B's (k, column) at `column * bColumn + k * bStep`;
 * C is dense, `rows` by `columns`, and overwritten. Sums are in f64, in the order of k, whatever the tile.
 */
export function multiply(
  a: Values,
  aRow: number,
  aStep: number,
  b: Values,
  bColumn: number,
  bStep: number,
  c: Values,
  rows: number,
  columns: number,
  depth: number,
): void {
  if (rows < 3 || columns < 3) {
    multiplyThin(a, aRow, aStep, b, bColumn, bStep, c, rows, columns, depth);
    return;
  }
  for (let row = 0; row < rows; row += 3) {
    // the last tile overlaps the one before instead of being smaller: it writes the same sums again
    const i = Math.min(row, rows - 3);
    for (let column = 0; column < columns; column += 3) {
      const j = Math.min(column, columns - 3);
      let c00 = 0;
      let c01 = 0;
      let c02 = 0;
      let c10 = 0;
      let c11 = 0;
      let c12 = 0;
      let c20 = 0;
      let c21 = 0;
      let c22 = 0;
      let p = i * aRow;
      let q = j * bColumn;
      for (let k = 0; k < depth; k++) {
        const x0 = a[p]!;
        const x1 = a[p + aRow]!;
        const x2 = a[p + 2 * aRow]!;
        const y0 = b[q]!;
        const y1 = b[q + bColumn]!;
        const y2 = b[q + 2 * bColumn]!;
        c00 += x0 * y0;
        c01 += x0 * y1;
        c02 += x0 * y2;
        c10 += x1 * y0;
        c11 += x1 * y1;
        c12 += x1 * y2;
        c20 += x2 * y0;
        c21 += x2 * y1;
        c22 += x2 * y2;
        p += aStep;
        q += bStep;
      }
      let out = i * columns + j;
      c[out] = c00;
      c[out + 1] = c01;
      c[out + 2] = c02;
      out += columns;
      c[out] = c10;
      c[out + 1] = c11;
      c[out + 2] = c12;
      out += columns;
      c[out] = c20;
      c[out + 1] = c21;
      c[out + 2] = c22;
    }
  }
}

function multiplyThin(
  a: Values,
  aRow: number,
  aStep: number,
  b: Values,
  bColumn: number,
  bStep: number,
  c: Values,
  rows: number,
  columns: number,
  depth: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      let p = row * aRow;
      let q = column * bColumn;
      for (let k = 0; k < depth; k++) {
        sum += a[p]! * b[q]!;
        p += aStep;
        q += bStep;
      }
      c[row * columns + column] = sum;
    }
  }
}
