/** A tensor's plane as rows and columns of cells, and the windows it is read in. Pure. */
import { coordinateIn, type Plane } from '#renderer/charts/plane.ts';
import type { TensorValue } from '#shared/commands/tensor.ts';

export interface Grid {
  readonly shape: readonly number[];
  readonly plane: Plane;
  readonly rows: number;
  readonly columns: number;
  /** A vector is broken into rows. */
  readonly isWrapped: boolean;
}

/** One reading of cells: large enough that scrolling seldom waits, small enough to come at once. */
export const WINDOW_ROWS = 64;
export const WINDOW_COLUMNS = 30;
/** Cells in a row of a vector: round numbers begin the rows. */
const WRAP = 10;

export function gridOf(shape: readonly number[], plane: Plane): Grid {
  if (shape.length >= 2) {
    const [rows, columns] = [shape[plane.rowAxis] ?? 0, shape[plane.columnAxis] ?? 0];
    const isEmpty = shape.includes(0);
    return { shape, plane, rows: isEmpty ? 0 : rows, columns: isEmpty ? 0 : columns, isWrapped: false };
  }
  const count = shape[0] ?? 1;
  return { shape, plane, rows: Math.ceil(count / WRAP), columns: Math.min(WRAP, count), isWrapped: true };
}

/** The NumPy-like slice of a window; windows are counted, not cells. */
export function windowSlice(grid: Grid, windowRow: number, windowColumn: number): string {
  const { shape, plane } = grid;
  if (shape.length === 0) return '';
  const firstRow = windowRow * WINDOW_ROWS;
  if (grid.isWrapped) {
    return `${firstRow * WRAP}:${Math.min(shape[0] ?? 0, (firstRow + WINDOW_ROWS) * WRAP)}`;
  }
  const firstColumn = windowColumn * WINDOW_COLUMNS;
  return shape
    .map((dimension, axis) => {
      if (dimension === 0) return ':';
      if (axis === plane.rowAxis) return `${firstRow}:${firstRow + WINDOW_ROWS}`;
      if (axis === plane.columnAxis) return `${firstColumn}:${firstColumn + WINDOW_COLUMNS}`;
      return String(plane.indices[axis] ?? 0);
    })
    .join(',');
}

/** The slice of the whole plane. */
export function planeSlice({ shape, plane }: Grid): string {
  if (shape.length < 2) return '';
  return shape
    .map((_dimension, axis) =>
      axis === plane.rowAxis || axis === plane.columnAxis ? ':' : String(plane.indices[axis] ?? 0),
    )
    .join(',');
}

/** Which window a cell is in, and where in it. */
export function windowOf(grid: Grid, row: number, column: number) {
  const windowRow = Math.floor(row / WINDOW_ROWS);
  const windowColumn = grid.isWrapped ? 0 : Math.floor(column / WINDOW_COLUMNS);
  return { windowRow, windowColumn, key: `${windowRow}:${windowColumn}` };
}

/** A cell's value within the values of its window, which come in the tensor's own order of axes. */
export function valueInWindow(
  grid: Grid,
  window: { readonly shape: readonly number[]; readonly values: readonly TensorValue[] },
  row: number,
  column: number,
): TensorValue | undefined {
  const localRow = row % WINDOW_ROWS;
  if (grid.isWrapped) return window.values[localRow * WRAP + column];
  const localColumn = column % WINDOW_COLUMNS;
  const isTurned = grid.plane.rowAxis > grid.plane.columnAxis;
  const width = window.shape[1] ?? 1;
  return window.values[isTurned ? localColumn * width + localRow : localRow * width + localColumn];
}

/** The cell's coordinate in the tensor, or undefined for a cell past the end of a vector. */
export function coordinateOfCell(grid: Grid, row: number, column: number): number[] | undefined {
  const { shape, plane } = grid;
  if (shape.length === 0) return [];
  if (!grid.isWrapped) return coordinateIn(shape, plane, row, column);
  const index = row * WRAP + column;
  return index < (shape[0] ?? 0) ? [index] : undefined;
}

/** The cell of a coordinate that lies in the grid's plane. */
export function cellOfCoordinate(
  grid: Grid,
  coordinate: readonly number[],
): { readonly row: number; readonly column: number } {
  if (grid.shape.length === 0) return { row: 0, column: 0 };
  if (grid.isWrapped) {
    const index = coordinate[0] ?? 0;
    return { row: Math.floor(index / WRAP), column: index % WRAP };
  }
  return { row: coordinate[grid.plane.rowAxis] ?? 0, column: coordinate[grid.plane.columnAxis] ?? 0 };
}

export function rowTitle(grid: Grid, row: number): string {
  return String(grid.isWrapped ? row * WRAP : row);
}

export function columnTitle(grid: Grid, column: number): string {
  return grid.isWrapped && grid.shape.length > 0 ? `+${column}` : String(column);
}

/**
 * A coordinate as typed: `12, 7`, `[12, 7]`, negative ones from the end.
 * @returns the coordinate, or in words why it is none.
 */
export function parseCoordinate(text: string, shape: readonly number[]): readonly number[] | string {
  const parts = text
    .replace(/[[\]()]/g, ' ')
    .split(/[\s,]+/)
    .filter(Boolean);
  if (parts.length !== shape.length)
    return `this tensor has ${shape.length} axes, ${parts.length} were given`;
  const coordinate: number[] = [];
  for (const [axis, part] of parts.entries()) {
    const dimension = shape[axis]!;
    const typed = /^[+-]?\d{1,15}$/.test(part) ? Number(part) : Number.NaN;
    const index = typed < 0 ? typed + dimension : typed;
    if (!(index >= 0 && index < dimension))
      return `axis ${axis} goes from 0 to ${dimension - 1}, not ${part}`;
    coordinate.push(index);
  }
  return coordinate;
}
