/** Down-sampling of a two-dimensional slice: mean, least and greatest of the finite values of each cell, and marks where there are others. */
import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';
import type { PlacedNumbers } from '#main/kernels/numbers.ts';

/** How a slice of `rows` × `columns` elements is cut: element e lies in cell floor(e × cells / elements) along its axis. */
export interface HeatGrid {
  readonly rows: number;
  readonly columns: number;
  /** At most as many as elements. */
  readonly cellRows: number;
  readonly cellColumns: number;
}

/** Rows of cells of a picture, from the first one on that was looked at. */
export interface HeatCells {
  readonly rows: number;
  readonly columns: number;
  /** Of the finite values of each cell, row by row; NaN where there are none. */
  readonly mean: Float32Array;
  readonly least: Float32Array;
  readonly most: Float32Array;
  /** 1: a NaN, 2: an infinity, 3: both. */
  readonly flags: Uint8Array;
  /** Of all finite values; Infinity and -Infinity where there are none. */
  readonly min: number;
  readonly max: number;
}

/** Columns of a slice, as a box of it has them. */
export interface HeatColumns {
  readonly start: number;
  readonly count: number;
}

/** Cells that are being filled; their memory is lent to them. */
export interface HeatSampler {
  /** Adds values that follow each other in C order in some columns of the slice, in all of them unless told. @param start element of these columns. */
  add(start: number, numbers: PlacedNumbers, columns?: HeatColumns): void;
  cells(): HeatCells;
  /** Of what was added so far: a copy of the cells' records, row by row. */
  records(): Float64Array;
  release(): void;
}

/** Doubles of a cell's record in the kernels' memory: see `assembly/heat-map.ts`. */
export const HEAT_FIELDS = 5;
const boundsRegion = memoryRegion();

/** @param from @param to rows of cells, [from, to): all of them unless told. */
export function heatSampler(grid: HeatGrid, from = 0, to = grid.cellRows): HeatSampler {
  const { columns, cellColumns } = grid;
  const count = (to - from) * cellColumns;
  const region = memoryRegion();
  const at = region.reserve(Math.max(1, count) * HEAT_FIELDS * 8);
  const records = () => new Float64Array(analysisKernels().memory.buffer, at, count * HEAT_FIELDS);
  records().set(emptyRecords(count));
  const bounds = Float64Array.from({ length: cellColumns + 1 }, (_, cell) =>
    Math.ceil((cell * columns) / cellColumns),
  );
  return {
    add: (start, numbers, some = { start: 0, count: columns }) => {
      if (numbers.count === 0) return;
      const kernels = analysisKernels();
      const boundsAt = boundsRegion.reserve(bounds.byteLength);
      new Float64Array(kernels.memory.buffer, boundsAt, bounds.length).set(bounds);
      const end = some.start + some.count;
      kernels.heatSlice(grid.rows, columns, grid.cellRows, cellColumns, boundsAt, some.start, end);
      const row = Math.floor(start / some.count);
      const column = some.start + start - row * some.count;
      const heat = numbers.isDouble ? kernels.heatF64 : kernels.heatF32;
      // where the records of the cells before would begin
      const cells = at - from * cellColumns * HEAT_FIELDS * 8;
      heat(numbers.at, numbers.count, row, column, cells);
    },
    cells: () => cellsOf(records(), to - from, cellColumns),
    records: () => records().slice(),
    release: region.release,
  };
}

/** Of cells without values. */
export function emptyRecords(cells: number): Float64Array {
  const records = new Float64Array(cells * HEAT_FIELDS);
  for (let at = 0; at < records.length; at += HEAT_FIELDS) {
    records[at + 2] = Infinity;
    records[at + 3] = -Infinity;
  }
  return records;
}

export function cellsOf(records: Float64Array, rows: number, columns: number): HeatCells {
  const count = rows * columns;
  const [mean, least, most] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const flags = new Uint8Array(count);
  let [min, max] = [Infinity, -Infinity];
  for (let cell = 0; cell < count; cell++) {
    const at = cell * HEAT_FIELDS;
    const finite = records[at + 1]!;
    mean[cell] = finite === 0 ? NaN : records[at]! / finite;
    least[cell] = finite === 0 ? NaN : records[at + 2]!;
    most[cell] = finite === 0 ? NaN : records[at + 3]!;
    flags[cell] = records[at + 4]!;
    min = Math.min(min, records[at + 2]!);
    max = Math.max(max, records[at + 3]!);
  }
  return { rows, columns, mean, least, most, flags, min, max };
}

/** Pictures of rows that follow each other, laid one under the other. @param parts at least one. */
export function stackedCells(parts: readonly HeatCells[]): HeatCells {
  if (parts.length === 1) return parts[0]!;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const { columns } = parts[0]!;
  const numbers = () => new Float32Array(rows * columns);
  return {
    rows,
    columns,
    mean: laidIn(
      numbers(),
      parts.map(({ mean }) => mean),
    ),
    least: laidIn(
      numbers(),
      parts.map(({ least }) => least),
    ),
    most: laidIn(
      numbers(),
      parts.map(({ most }) => most),
    ),
    flags: laidIn(
      new Uint8Array(rows * columns),
      parts.map(({ flags }) => flags),
    ),
    min: Math.min(...parts.map(({ min }) => min)),
    max: Math.max(...parts.map(({ max }) => max)),
  };
}

/** One part after the other. */
function laidIn<All extends Float32Array | Uint8Array>(all: All, parts: readonly All[]): All {
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
