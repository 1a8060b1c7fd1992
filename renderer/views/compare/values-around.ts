/** The values of a pair about one coordinate: which slice to ask for on either side, and both laid over one grid. */
import type { TensorValue, TensorValues } from '#shared/commands/tensor.ts';

/** A window into the last two axes; every axis before them stands at one index. */
export interface Window {
  /** Index along each axis before the last two. */
  readonly leading: readonly number[];
  /** Indices shown along the last axis but one; undefined for a vector or a scalar. */
  readonly rows: readonly number[] | undefined;
  /** Indices shown along the last axis; undefined for a scalar. */
  readonly columns: readonly number[] | undefined;
}

export interface ValueCell {
  readonly a: TensorValue | undefined;
  readonly b: TensorValue | undefined;
  readonly isDifferent: boolean;
  /** The coordinate that was gone to. */
  readonly isHere: boolean;
}

export interface ValueRow {
  readonly index: number | undefined;
  readonly cells: readonly ValueCell[];
}

const ROWS_EACH_WAY = 3;
const COLUMNS_EACH_WAY = 3;

/** The window about a coordinate, moved inwards at the edges. */
export function windowAround(at: readonly number[], shape: readonly number[]): Window {
  const rank = shape.length;
  return {
    leading: at.slice(0, Math.max(0, rank - 2)),
    rows: rank >= 2 ? indicesAround(at[rank - 2] ?? 0, shape[rank - 2]!, ROWS_EACH_WAY) : undefined,
    columns: rank >= 1 ? indicesAround(at[rank - 1] ?? 0, shape[rank - 1]!, COLUMNS_EACH_WAY) : undefined,
  };
}

/** The window as a NumPy-like slice; transposed for a partner that stores rows as columns. */
export function sliceOf({ leading, rows, columns }: Window, isTransposed = false): string {
  const last = [rows, columns].flatMap((indices) => (indices ? [rangeText(indices)] : []));
  return [...leading.map(String), ...(isTransposed ? last.reverse() : last)].join(',');
}

/** Both slices on one grid. */
export function gridOf(
  window: Window,
  at: readonly number[],
  a: TensorValues,
  b: TensorValues | undefined,
  isTransposed: boolean,
): readonly ValueRow[] {
  const rows = window.rows ?? [undefined];
  const columns = window.columns ?? [undefined];
  return rows.map((row, rowPlace) => ({
    index: row,
    cells: columns.map((column, columnPlace) => {
      const left = a.values[rowPlace * columns.length + columnPlace];
      const right =
        b?.values[
          isTransposed ? columnPlace * rows.length + rowPlace : rowPlace * columns.length + columnPlace
        ];
      return {
        a: left,
        b: right,
        isDifferent: b !== undefined && !isSame(left, right),
        isHere: (row === undefined || row === at.at(-2)) && (column === undefined || column === at.at(-1)),
      };
    }),
  }));
}

/** A coordinate as typed, such as `3, 17`. @returns undefined where it is none of this shape. */
export function readCoordinate(text: string, shape: readonly number[]): readonly number[] | undefined {
  const parts = text
    .replace(/[[\]()]/g, ' ')
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  if (parts.length !== shape.length || !parts.every((part) => /^\d{1,15}$/.test(part))) return undefined;
  const at = parts.map(Number);
  return at.every((index, axis) => index < shape[axis]!) ? at : undefined;
}

function isSame(left: TensorValue | undefined, right: TensorValue | undefined): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return Object.is(left[0], right[0]) && Object.is(left[1], right[1]);
  }
  return Object.is(left, right);
}

function indicesAround(at: number, dimension: number, each: number): number[] {
  const from = Math.max(0, Math.min(at - each, dimension - 2 * each - 1));
  const to = Math.min(dimension, from + 2 * each + 1);
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function rangeText(indices: readonly number[]): string {
  const first = indices[0] ?? 0;
  return `${first}:${first + indices.length}`;
}
