/** Down-sampling of a two-dimensional slice: mean per cell of the finite values, and marks where there are others. */

export interface HeatCells {
  readonly rows: number;
  readonly columns: number;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** 1: a NaN, 2: an infinity, 3: both. */
  readonly flags: Uint8Array;
  min: number;
  max: number;
}

export function emptyCells(rows: number, columns: number): HeatCells {
  const size = rows * columns;
  return {
    rows,
    columns,
    sums: new Float64Array(size),
    counts: new Float64Array(size),
    flags: new Uint8Array(size),
    min: Infinity,
    max: -Infinity,
  };
}

/** Adds one row of the slice. `row` counts from 0 to `sliceRows`. */
export function addRow(
  cells: HeatCells,
  row: number,
  sliceRows: number,
  values: Float64Array | Float32Array,
): void {
  const base = Math.floor((row * cells.rows) / sliceRows) * cells.columns;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const cell = base + Math.floor((i * cells.columns) / values.length);
    if (value - value !== 0) {
      cells.flags[cell]! |= Number.isNaN(value) ? 1 : 2;
      continue;
    }
    cells.sums[cell]! += value;
    cells.counts[cell]!++;
    if (value < cells.min) cells.min = value;
    if (value > cells.max) cells.max = value;
  }
}

/** Mean of each cell; NaN where no finite value fell into it. */
export function meansOf(cells: HeatCells): Float32Array {
  return Float32Array.from(cells.sums, (sum, index) =>
    cells.counts[index] ? sum / cells.counts[index] : NaN,
  );
}
